import { execFileSync } from "node:child_process";

import { describe, expect, it } from "vitest";

import { asCommand } from "../src/model/command";
import { asCurl, asPython, asTaskCurl, shellWord, tasksUrl } from "../src/model/copy";

const body = {
  tes_uris: ["https://tes.example/ga4gh/tes/v1/"],
  object_ids: ["it's", "-x", "$(touch /tmp/never)", "a b\n`c`", "@file"],
  mode: -1,
  explain: true,
  resource_requirements: { cpu_cores: 2, ram_gb: 0.5, preemptible: false, zones: ["a b"] },
  unknown: 1,
};
const call = { body, kind: "resources" as const, missing: [], root: "https://h.example/prefix/", token: undefined };
const token = { header: "Authorization", prefix: "Bearer" };

/** The words that a shell makes of `text`, with `program` in the place of the first. */
const words = (text: string): string[] =>
  execFileSync("sh", ["-c", `show() { printf '%s\\0' "$@"; }; TESTRIBUTE_JWT=jwt; ${text.replace(/\b(curl|testribute) --/, "show --")}`], {
    encoding: "utf8",
  }).split("\0").slice(0, -1);

describe("a copied request", () => {
  it("has words that a shell takes as they are", () => {
    for (const text of ["", "a", "it's", "$HOME", "a b", "*", "!x", "a\nb", "~", "#"]) {
      expect(execFileSync("sh", ["-c", `printf %s ${shellWord(text)}`], { encoding: "utf8" })).toBe(text);
    }
  });

  it("as curl sends the same JSON, and a token from the environment alone", () => {
    const list = words(asCurl({ ...call, token }));
    expect(list).toContain("https://h.example/prefix/rank-services");
    expect(list).toContain("Authorization: Bearer jwt");
    expect(JSON.parse(list[list.indexOf("--data-raw") + 1] ?? "")).toEqual(body);
  });

  it("as a command line has each item as one word, and names what has no option", () => {
    const list = words(asCommand(call));
    for (const id of ["it's", "$(touch /tmp/never)", "a b\n`c`", "@file"]) {
      expect(list[list.indexOf(id) - 1]).toBe("--object-id");
    }
    expect(list).toContain("--object-id=-x");
    expect(list).toContain("--mode=-1");
    expect(list).toContain("--no-preemptible");
    expect(asCommand(call)).toMatch(/^# Without an option: "unknown"\n/);
  });

  it("as a command line has each property for which the console has an option", () => {
    const resources = {
      tes_uris: ["https://t.example/"], registries: ["https://r.example/"], drs_uris: ["https://d.example/"], object_ids: ["a"],
      object_sizes: { "a=b": 3 }, mode: 0.25, limit: 7, explain: true,
      resource_requirements: {
        cpu_cores: 0.5, ram_gb: 2, disk_gb: 3, execution_time_sec: 4, preemptible: true, zones: ["z"],
        backend_parameters: { a: "b" }, backend_parameters_strict: true,
      },
      unknown: 1, jwt: null,
    };
    const task = {
      task: { executors: [] }, tes_uris: ["https://t.example/"], registries: ["https://r.example/"], drs_uris: ["https://d.example/"],
      mode: "time", limit: 7, explain: false, execution_time_sec: 60.5, sizes: { "/data/a b": 5 },
    };
    const options = (text: string) => words(text.replace("testribute", "show").replace(/^cat[^]*?^JSON$/m, "").trim());
    expect(options(asCommand({ ...call, body: resources })).join(" ")).toBe(
      "--output table --tes-uri https://t.example/ --registry https://r.example/ --drs-uri https://d.example/ --object-id a " +
      "--object-size a=b=3 --mode 0.25 --limit 7 --explain --cpu-cores 0.5 --ram-gb 2 --disk-gb 3 --execution-time-sec 4 " +
      "--preemptible --zone z",
    );
    expect(asCommand({ ...call, body: resources })).toMatch(
      /^# Without an option: "resource_requirements.backend_parameters", "resource_requirements.backend_parameters_strict", "unknown"$/m,
    );
    expect(options(asCommand({ ...call, kind: "task", body: task })).join(" ")).toBe(
      "--output table --task task.json --tes-uri https://t.example/ --registry https://r.example/ --drs-uri https://d.example/ " +
      "--mode time --limit 7 --execution-time-sec 60.5 --size /data/a b=5",
    );
    expect(asCommand({ ...call, kind: "task", body: task })).not.toContain("Without an option");
  });

  it("as a command line for a task writes the task to a file", () => {
    const task = { executors: [{ image: "i", command: ["echo", "JSON\nJSON"] }] };
    const text = asCommand({ ...call, body: { task, tes_uris: [] }, kind: "task" });
    expect(text.match(/^JSON$/gm)).toHaveLength(1);
    expect(text).toContain("--task task.json");
  });

  it("as a task is posted to the list of tasks of its TES", () => {
    const urls = ["https://t.example/ga4gh/tes/v1/", "https://t.example/ga4gh/tes/v1/tasks", "https://t.example", "https://t.example/x/v1", "no uri"];
    expect(urls.map(tasksUrl)).toEqual([
      "https://t.example/ga4gh/tes/v1/tasks", "https://t.example/ga4gh/tes/v1/tasks", "https://t.example/ga4gh/tes/v1/tasks",
      "https://t.example/x/v1/tasks", "no uri",
    ]);
    const task = { executors: [{ command: ["it's", "$(touch /tmp/never)"] }] };
    for (const [uri, hasToken] of [["https://t.example/$(id)/", true], ["-x';id;'", false]] as const) {
      const list = words(asTaskCurl(task, uri, hasToken));
      expect(list[list.indexOf("--url") + 1]).toBe(tasksUrl(uri));
      expect(JSON.parse(list[list.indexOf("--data-raw") + 1] ?? "")).toEqual(task);
      expect(list.includes("Authorization: Bearer jwt")).toBe(hasToken);
    }
  });

  it("as Python has the same values", () => {
    const sent = { ...body, "a-b": 1, "c\nimport os": [true, null], jwt: "x", sizes: {}, drs_uris: null };
    let python: string;
    try {
      const text = asPython({ ...call, body: sent });
      const script = `import sys, json\ndef rank_services(**given): print(json.dumps(given)); sys.exit()\n${text.replace(/^from .*$/m, "")}`;
      python = execFileSync("python3", ["-c", script], { encoding: "utf8" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
      throw error;
    }
    const { drs_uris, unknown, ...expected } = body as Record<string, unknown>;
    expect(JSON.parse(python)).toEqual(expected);
    expect(asPython({ ...call, body: sent })).toMatch(/^# Left out, as rank_services does not take it: "unknown", "a-b", "c\\nimport os", "jwt", "sizes"$/m);
    expect(asPython({ ...call, token })).toContain('jwt=os.environ["TESTRIBUTE_JWT"]');
  });
});
