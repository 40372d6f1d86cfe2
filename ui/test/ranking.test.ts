import { describe, expect, it } from "vitest";

import { type Answer, readAnswer } from "../src/model/answer";
import { breakEven, isoLine, rank, score, weightsOf, wouldBeBest } from "../src/model/ranking";
import { sentencesOf } from "../src/see/best";

/** The same numbers in each run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const mean = (list: number[]) => list.reduce((a, b) => a + b, 0) / list.length;

/** An answer for `weight` as the service gives it, of these costs and times of each TES. */
export function answerOf(tes: [number, number][][], weight: number, { stated = true } = {}): Answer {
  const cost = mean(tes.map((list) => mean(list.map(([cost]) => cost))));
  const time = mean(tes.map((list) => mean(list.map(([, time]) => time))));
  const all = tes.flatMap((list, index) =>
    list.map(([amount, seconds], copy) => ({
      access_uris: { a: `https://copy-${copy}.example/`, tes_uri: `https://tes-${index}.example/` },
      cost_estimate: { amount, currency: "EUR" },
      time_estimate: seconds,
      score: score(weight, { cost, seconds: time }, amount, seconds),
    })),
  );
  all.sort((a, b) => a.score - b.score || a.cost_estimate.amount - b.cost_estimate.amount);
  const body = {
    service_combinations: all.map((one, index) => ({ ...one, rank: index + 1 })),
    warnings: [],
    ...(stated ? { space_size: String(all.length), means: { cost, time } } : {}),
  };
  return readAnswer(body, { tes_uris: tes.map((_, index) => `https://tes-${index}.example/`) }, weight);
}

const network = (seed: number): [number, number][][] => {
  const next = random(seed);
  return Array.from({ length: 2 + Math.floor(next() * 4) }, () => {
    const [cost, seconds] = [0.1 + next() * 5, 60 + next() * 9000];
    return Array.from({ length: 1 + Math.floor(next() * 4) }, (): [number, number] => [
      cost + next(),
      seconds + next() * 600,
    ]);
  });
};

const uris = (answer: Answer, weight: number) => rank(answer, weight).order.map(({ uris }) => uris);

/** The amount, or the seconds, of a text such as `€1.20` or `2 h 3 min`. */
const amountIn = (text = ""): number => Number(text.replace(/[^\d.]/g, ""));
const secondsIn = (text = ""): number => {
  const units: Record<string, number> = { d: 86_400, h: 3600, min: 60, s: 1 };
  return [...text.matchAll(/([\d.,]+) (d|h|min|s)\b/g)].reduce((sum, [, value, unit]) => sum + amountIn(value) * (units[unit ?? ""] ?? 0), 0);
};

describe("a bound that is told", () => {
  it("does what it says when it is applied", () => {
    let applied = 0;
    const holds = (answer: Answer, tes: number, weight: number, cost: number, seconds: number) => {
      applied += 1;
      expect(wouldBeBest(answer, tes, weight, cost, seconds), JSON.stringify([weight, cost, seconds, tes, answer.combinations.map((o)=>[o.tes,o.cost,o.seconds]), sentencesOf(answer,tes,"it",breakEven(answer,tes,weight) as never)])).toBe(true);
    };
    const even: [number, number][][][] = [
      [[[2, 100]], [[1, 100]]],
      [[[1, 160]], [[1, 100]], [[3, 40]]],
      [[[1, 300]], [[2, 200]], [[3, 100]]],
      [[[1, 100_000]], [[1, 10_000]]],
    ];
    for (const tes of [...even, ...Array.from({ length: 60 }, (_, seed) => network(seed))]) {
      for (const weight of [0.2, 0.5, 0.9]) {
        const answer = answerOf(tes, weight);
        answer.tes.forEach((_, index) => {
          const result = breakEven(answer, index, weight);
          const text = result ? sentencesOf(answer, index, "it", result).join("\n") : "";
          const less = /Price: (\S*\d\S*) /.exec(text)?.[1];
          if (less) holds(answer, index, weight, -amountIn(less), 0);
          const more = /costs at most (\S+) /.exec(text)?.[1];
          if (more) holds(answer, index, weight, amountIn(more), 0);
          const sooner = /(?:Queue|Time): (.*?) less/.exec(text)?.[1];
          if (sooner) holds(answer, index, weight, 0, -secondsIn(sooner));
          const later = /takes at most (.*?) longer/.exec(text)?.[1];
          if (later) holds(answer, index, weight, 0, secondsIn(later));
          // As it would be typed: it is then the first.
          for (const [, bound] of text.matchAll(/(?:at most|at least|from|to) (0\.\d+)/g)) {
            applied += 1;
            expect(rank(answer, Number(bound)).order[0]?.tes).toBe(index);
          }
        });
      }
    }
    expect(applied).toBeGreaterThan(500);
  });

  it("is no share of nothing, and no more than there is", () => {
    const told = (tes: [number, number][][], weight: number, index: number) => {
      const answer = answerOf(tes, weight);
      const result = breakEven(answer, index, weight);
      return result ? sentencesOf(answer, index, "it", result).join(" ") : "";
    };
    const free: [number, number][][] = [[[0, 60]], [[1, 600]]];
    expect(told(free, 0.05, 0)).toMatch(/costs at most \S+\d more\. /);
    expect(told([[[1e-6, 60]], [[1, 600]]], 0.05, 0)).not.toMatch(/%/);
    // As good as what is free, if it were free, and as what takes no time, if it took none.
    expect(told(free, 0, 1)).toMatch(/Price: even if it were free, it would be no better/);
    expect(told([[[1, 0]], [[1, 600]]], 1, 1)).toMatch(/Time: even if it took none, it would be no better/);
    expect(told([[[0, 60]], [[0, 60]]], 0.5, 0)).toMatch(/only while it costs no more/);
    for (const tes of [free, [[[0, 60]], [[0, 600]]], [[[0, 0]], [[0, 0]]]] as [number, number][][][]) {
      for (const weight of [0, 0.05, 0.5, 1]) {
        for (const index of [0, 1]) expect(told(tes, weight, index)).not.toMatch(/[1-9]\d\d%|,\d{3}%|NaN|∞/);
      }
    }
  });
});

describe("ranking", () => {
  it("gives the order of the service for any weight", () => {
    for (let seed = 0; seed < 50; seed += 1) {
      const asked = answerOf(network(seed), 0.5);
      for (const weight of [0, 0.1, 0.3, 0.55, 0.9, 1]) {
        const expected = answerOf(network(seed), weight).combinations.map(({ uris }) => uris);
        expect(uris(asked, weight)).toEqual(expected);
      }
    }
  });

  it("knows a whole space without means by its scores, and a part of one too", () => {
    const whole = answerOf(network(3), 0.5, { stated: false });
    expect(whole.means).toBeDefined();
    const body = structuredClone(whole.raw) as { service_combinations: unknown[] };
    body.service_combinations.pop();
    expect(readAnswer(body, {}, 0.5).means).toBeUndefined();
  });

  it("keeps the order of the answer for equal combinations", () => {
    const answer = answerOf([[[1, 60], [1, 60]], [[1, 60]]], 0.5);
    expect(rank(answer, 0.9).order.map(({ index }) => index)).toEqual([0, 1, 2]);
  });

  it("has means of 0 without dividing by them", () => {
    expect(rank(answerOf([[[0, 0]], [[0, 0]]], 0.5), 0.2).scores).toEqual([0, 0]);
  });
});

describe("break-even", () => {
  it("is where a TES becomes the best or stops to be, and not before", () => {
    for (let seed = 0; seed < 60; seed += 1) {
      const answer = answerOf(network(seed), 0.4);
      answer.tes.forEach((_, tes) => {
        const result = breakEven(answer, tes, 0.4);
        expect(result).toBeDefined();
        if (!result) return;
        const tests: [number | undefined, (by: number) => boolean][] = [
          [result.cost, (by) => wouldBeBest(answer, tes, 0.4, by, 0)],
          [result.seconds, (by) => wouldBeBest(answer, tes, 0.4, 0, by)],
        ];
        for (const [by, isBest] of tests) {
          if (by === undefined) continue;
          expect(isBest(by)).toBe(true);
          const step = Math.max(Math.abs(by), 1) * 1e-6;
          expect(isBest(by + step)).toBe(false);
        }
      });
    }
  });

  it("has the weights at which a TES is the best", () => {
    for (let seed = 0; seed < 60; seed += 1) {
      const answer = answerOf(network(seed), 0.4);
      for (let tes = 0; tes < answer.tes.length; tes += 1) {
        const weights = weightsOf(answer, tes);
        const best = Array.from({ length: 201 }, (_, step) => step / 200).filter((weight) =>
          wouldBeBest(answer, tes, weight, 0, 0),
        );
        if (best.length === 0) {
          expect(weights === undefined || weights[1] - weights[0] < 0.005).toBe(true);
        } else {
          expect(weights?.[0]).toBeGreaterThan((best[0] ?? 0) - 0.0051);
          expect(weights?.[1]).toBeLessThan((best[best.length - 1] ?? 0) + 0.0051);
        }
      }
    }
  });

  it("says nothing of a part of a space", () => {
    const answer = answerOf(network(1), 0.5);
    expect(breakEven({ ...answer, means: undefined }, 0, 0.5)).toBeUndefined();
  });
});

describe("the line of equal score", () => {
  it("ends on the border of the chart, and has one score", () => {
    const means = { cost: 2, seconds: 1000 };
    const box = { seconds: [0, 2000] as [number, number], cost: [0, 4] as [number, number] };
    for (const weight of [0, 0.2, 0.5, 0.95, 1]) {
      const ends = isoLine(weight, means, { cost: 1, seconds: 700 }, box) ?? [];
      const expected = score(weight, means, 1, 700);
      for (const [seconds, cost] of ends) {
        expect(score(weight, means, cost, seconds)).toBeCloseTo(expected, 9);
        expect(seconds === 0 || seconds === 2000 || cost === 0 || cost === 4).toBe(true);
      }
      expect(ends).toHaveLength(2);
    }
  });
});
