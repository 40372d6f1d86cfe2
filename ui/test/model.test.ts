import { describe, expect, it } from "vitest";

import { located, NotARanking, readAnswer } from "../src/model/answer";
import { toCsv } from "../src/model/downloads";
import { bytes, duration, shortNames, tickDigits } from "../src/model/format";
import { rank } from "../src/model/ranking";
import { property } from "../src/model/read";
import { readable } from "../src/model/readable";
import {
  bodyOf,
  faultsAt,
  fromLines,
  fromSizeLines,
  itemOf,
  lineOfItem,
  parseFault,
  set,
  sizeOfFault,
  stillHolds,
  toSizeLines,
  valueAt,
  withBody,
} from "../src/model/request";
import { retryAfter } from "../src/model/service";
import { middleMeridian } from "../src/see/projection";
import { movesOf, priceClass, sourcesOf } from "../src/see/transfers";
import { excludedOf } from "../src/see/warnings";

const combination = (more = {}) => ({
  rank: 1,
  access_uris: { a: "https://x.example/a", b: "https://x.example/b", tes_uri: "https://tes.example/" },
  cost_estimate: { amount: 1, currency: "EUR" },
  time_estimate: 60,
  ...more,
});

describe("an answer", () => {
  it("of 0.2 has all that is needed", () => {
    const answer = readAnswer({ service_combinations: [combination()], warnings: [] }, { tes_uris: ["https://tes.example/"] }, 0.5);
    expect(answer.combinations).toHaveLength(1);
    expect(answer.means).toBeUndefined();
  });

  it("that is no ranking is told from one", () => {
    for (const body of [null, [], "<html>", {}, { service_combinations: {} }, { service_combinations: [null] },
      { service_combinations: [combination({ time_estimate: "soon" })] },
      { service_combinations: [combination({ access_uris: {} })] }]) {
      expect(() => readAnswer(body, {}, 0.5)).toThrow(NotARanking);
    }
  });

  it("lists TES in the order of the request", () => {
    const list = ["https://b.example/", "https://a.example/"].map((tes_uri) => combination({ access_uris: { tes_uri } }));
    const body = { service_combinations: list, warnings: [] };
    expect(readAnswer(body, { tes_uris: ["https://a.example/", "https://b.example/"] }, 0.5).tes[0]).toBe("https://a.example/");
  });
});

describe("an answer of other types than it should have", () => {
  it("has numbers in strings, and none of what is no number", () => {
    const odd = combination({
      cost_estimate: { amount: "1.5", currency: "EUR" },
      time_estimate: "60",
      score: "NaN",
      pareto_optimal: "yes",
      cost_breakdown: { compute: "1", storage: null, transfer: {} },
      time_breakdown: [],
      queue: "long",
      execution: { speed: "1.2", tries: null },
      transfers: null,
      distances: { a: null },
    });
    const [one] = readAnswer({ service_combinations: [odd] }, {}, 0.5).combinations;
    expect(one).toMatchObject({ cost: 1.5, seconds: 60, score: undefined, isPareto: undefined, costParts: { compute: 1 } });
    expect(one).toMatchObject({ timeParts: undefined, queue: undefined, execution: { speed: 1.2 } });
    expect(one && movesOf(one, {})).toHaveLength(2);
  });

  it("has places on earth only, and no property of what every object has", () => {
    const body = JSON.parse(`{"service_combinations": [${JSON.stringify(combination())}], "warnings": {}, "assumptions": "none",
      "places": {"a": {"latitude": "60", "longitude": 25}, "b": {"latitude": 91, "longitude": 0}, "c": null, "d": {"latitude": null}},
      "space_size": 1, "means": {"cost": {"amount": "1"}, "time": "60"}}`);
    const answer = readAnswer(body, {}, 0.5);
    expect(located(answer.places ?? {})).toMatchObject({ a: { latitude: 60, longitude: 25 } });
    expect(Object.keys(located(answer.places ?? {}))).toEqual(["a"]);
    expect([answer.warnings, answer.assumptions, answer.means]).toEqual([[], [], { cost: 1, seconds: 60 }]);
    expect(property({}, "constructor")).toBeUndefined();
  });
});

describe("a fault of a request", () => {
  const sent = { object_sizes: { "a b: c": "x", "d/e~f": 1 }, tes_uris: ["x"] };

  it("has a pointer with whatever a key may have in it", () => {
    expect(parseFault("/object_sizes/a b: c: must be an integer: 'x'", sent)).toEqual({
      pointer: "/object_sizes/a b: c", text: "must be an integer: 'x'",
    });
    expect(valueAt(sent, "/object_sizes/d~1e~0f")).toEqual({ isThere: true, value: 1 });
    const lines = "10 = many\n\n2 = 1\nd/e~f = 1\n2 = x";
    const entry = (key: string) => sizeOfFault({ pointer: `/object_sizes/${key}`, text: "" }, "/object_sizes", lines);
    expect(["d~1e~0f", "10", "2", "3"].map(entry)).toEqual([2, 0, 3, undefined]);
  });

  it("holds until something is changed at its place", () => {
    const fault = { pointer: "/tes_uris/0", text: "" };
    expect(stillHolds(fault, sent, { tes_uris: ["x", "y"] })).toBe(true);
    expect(stillHolds(fault, sent, { tes_uris: ["y"] })).toBe(false);
    expect(stillHolds({ pointer: "/limit", text: "" }, {}, {})).toBe(true);
    expect(stillHolds({ pointer: "/limit", text: "" }, {}, { limit: 1 })).toBe(false);
  });
});

describe("sizes", () => {
  it("are what they were, written as lines and read again, whatever JSON has", () => {
    for (const sizes of [{ a: 1e21, b: -1, "c = d": 0, e: 9_007_199_254_740_991 }, { a: "many" }]) {
      expect(fromSizeLines(toSizeLines(sizes))).toEqual(sizes);
    }
    expect(fromSizeLines(`a = 1.5e9\nb = 2e3 kB\nc = 1e400\nd = ${"9".repeat(400)}`)).toEqual({ a: 1.5e9, b: 2e6, c: "1e400", d: "9".repeat(400) });
  });

  it("are lines of name and size, with units as people write them", () => {
    expect(fromSizeLines("a = 15 GB\n\nhttps://x.example/?k=v = 3\nb=1.5GiB\n/c d = 2 kB\ne\nf = many")).toEqual({
      a: 15e9, "https://x.example/?k=v": 3, b: 1.5 * 2 ** 30, "/c d": 2000, e: "", f: "many",
    });
    for (const sizes of [{ a: 15 }, { "k=v": 1, b: "x" }]) expect(fromSizeLines(toSizeLines(sizes))).toEqual(sizes);
    expect(Object.keys(fromSizeLines("__proto__ = 1"))).toEqual(["__proto__"]);
  });
});

describe("a request", () => {
  it("has in each kind what belongs to it, and keeps the rest", () => {
    const draft = { tes_uris: [], object_ids: ["a"], task: {}, other: 1 };
    expect(bodyOf(draft, "resources")).toEqual({ tes_uris: [], object_ids: ["a"], other: 1 });
    expect(bodyOf(draft, "task")).toEqual({ tes_uris: [], task: {}, other: 1 });
    expect(withBody(draft, "task", { task: { name: "n" } })).toEqual({ task: { name: "n" }, object_ids: ["a"] });
    expect(set(draft, ["resource_requirements", "cpu_cores"], 2)).toMatchObject({ resource_requirements: { cpu_cores: 2 } });
  });

  it("has its faults at their places", () => {
    const fault = parseFault("/tes_uris/3: 'x: y' is not a URI");
    expect(fault).toEqual({ pointer: "/tes_uris/3", text: "'x: y' is not a URI" });
    expect(faultsAt([fault], "/tes_uris")).toHaveLength(1);
    expect(faultsAt([fault], "/tes_uri")).toHaveLength(0);
    expect(itemOf(fault, "/tes_uris")).toBe(3);
    expect(parseFault("the body is not JSON: x").pointer).toBe("");
  });

  it("counts lines without the empty ones", () => {
    expect(fromLines(" a \n\n b\n")).toEqual(["a", "b"]);
    expect(lineOfItem("a\n\nb", 1)).toBe(2);
  });
});

describe("what is shown", () => {
  it("has the names of hosts in their own letters, if they are the names of these hosts", () => {
    expect(readable("tes.xn--mller-kva.example (academic)")).toBe("tes.müller.example (academic)");
    expect(readable("xn--bcher-kva, XN--fsq092h.example:80")).toBe("bücher, 示例.example:80");
    for (const name of ["xn--", "xn--a", "xn--\u202e", "a.example", "xn--google-x"]) expect(readable(name)).toBe(name);
  });

  it("has as many decimals at an axis as tell its ticks apart", () => {
    expect([[0, 1], [0, 0.001], [12_345_678, 12_345_679], [0, 1e9], [0, 0], [0, 95]].map((domain) => tickDigits(domain as [number, number], 5)))
      .toEqual([1, 4, 1, 0, 0, 0]);
  });

  it("has short names that differ", () => {
    expect(shortNames(["http://tes-a.localhost:1/", "http://tes-b.localhost:2/"])).toEqual(["tes-a", "tes-b"]);
    expect(shortNames(["https://tes.example/a", "https://tes.example/b"])).toEqual(["tes.example/a", "tes.example/b"]);
    expect(shortNames(["https://tes.bern.example/", "https://funnel.example/"])).toEqual(["tes.bern", "funnel"]);
    expect(shortNames(["https://10.0.0.1/", "https://10.2.0.1/"])).toEqual(["10.0.0.1", "10.2.0.1"]);
    expect(shortNames(["https://tes.example/"])).toEqual(["tes.example"]);
    expect(shortNames(["not a uri"])).toEqual(["not a uri"]);
  });

  it("has times and sizes in units that people use", () => {
    expect([0, 0.4, 59.6, 90, 7380, 200_000].map((seconds) => duration(seconds))).toEqual(["0 s", "0.4 s", "1 min", "1 min 30 s", "2 h 3 min", "2 d 7 h"]);
    expect([0, 999, 1500, 15e9].map(bytes)).toEqual(["0 B", "999 B", "1.5 kB", "15 GB"]);
  });

  it("is in the middle of the map, also across the date line", () => {
    expect(middleMeridian([10, 30])).toBe(20);
    expect(Math.abs(middleMeridian([170, -170]))).toBe(180);
    expect(middleMeridian([-122, 135])).toBeCloseTo(-173.5);
    expect(middleMeridian([7])).toBeCloseTo(7);
  });

  it("tells which TES are left out, and why", () => {
    const warning = "TES unavailable: 'https://b.example' did not answer within 2 s.";
    expect(excludedOf(["https://a.example/", "https://b.example/"], ["https://a.example"], [warning])).toEqual([
      { uri: "https://b.example/", reason: warning },
    ]);
  });

  it("has the sizes that the answer tells, also where a transfer takes no time", () => {
    const transfers = { a: { from: "s", to: "s", seconds: 0, size_bytes: 42 }, b: { from: "s", to: "s", seconds: 0, size_bytes: "8" } };
    const [one] = readAnswer({ service_combinations: [combination({ transfers })], warnings: [] }, {}, 0.5).combinations;
    expect(one && sourcesOf(movesOf(one, {}))).toMatchObject([{ bytes: 50, isExact: true }]);
  });

  it("has transfers by source, with sizes from rate and time", () => {
    const transfers = {
      a: { from: "s", to: "t", rate_mbps: 800, seconds: 20, price_per_gb: { amount: 0.02, currency: "USD" } },
      b: { from: "s", to: "t", rate_mbps: 800, seconds: 10, price_per_gb: { amount: 0, currency: "USD" } },
    };
    const body = { service_combinations: [combination({ transfers, execution: { tries: 2 } })], warnings: [] };
    const [one] = readAnswer(body, {}, 0.5).combinations;
    const sources = one ? sourcesOf(movesOf(one, { object_sizes: { b: 7 } })) : [];
    expect(sources).toMatchObject([{ from: "s", bytes: 1e9 + 7, isExact: false, pricePerGb: 0.02 }]);
    expect([undefined, 0, 0.1, 0.5, 1].map((price) => priceClass(price, 1))).toEqual([undefined, 0, 1, 2, 3]);
  });
});

describe("CSV", () => {
  it("quotes, and has no formulas", () => {
    const access_uris = { a: "=HYPERLINK(\"x\")", b: "x,y", tes_uri: "https://tes.example/" };
    const answer = readAnswer({ service_combinations: [combination({ access_uris })], warnings: [] }, {}, 0.5);
    const [header, row] = toCsv(answer, rank(answer, 0.5), 0.5).split("\r\n");
    expect(header).toMatch(/^rank,tes_uri,cost,currency,.*,a,b$/);
    expect(row).toContain('"\'=HYPERLINK(""x"")","x,y"');
  });
});

describe("Retry-After", () => {
  it("may be seconds or a date", () => {
    const now = Date.parse("2026-01-01T00:00:00Z");
    expect(retryAfter("7", now)).toBe(7);
    expect(retryAfter("Thu, 01 Jan 2026 00:00:05 GMT", now)).toBe(5);
    expect(retryAfter("soon", now)).toBeUndefined();
    expect(retryAfter(null, now)).toBeUndefined();
    expect(retryAfter("7200", now)).toBe(7200);
    expect(retryAfter("99999999", now)).toBe(604_800);
  });
});
