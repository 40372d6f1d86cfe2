// Ranks the combinations of a whole space for any weight, as the service does: score, then cost, then time, then the
// order of the answer, which holds for any weight where cost and time are equal.

import { type Answer, type Combination, type Means, type Weight } from "./answer";

/** Scores that differ by less are equal: the service adds exactly, and the page in floating point. */
const EQUAL = 1e-11;

const term = (value: number, mean: number): number => (mean > 0 ? value / mean : 0);

export const score = (weight: number, means: Means, cost: number, seconds: number): number =>
  weight * term(seconds, means.seconds) + (1 - weight) * term(cost, means.cost);

/** Negative, zero or positive, as `a` is below, equal to or above `b`. */
const compare = (a: number, b: number): number =>
  Math.abs(a - b) <= EQUAL * Math.max(Math.abs(a), Math.abs(b)) ? 0 : a - b;

/** The ranked combinations, and the score of each by its index. */
export interface Ranked {
  order: Combination[];
  scores: (number | undefined)[];
  /** The rank of each combination by its index, from 1. */
  ranks: number[];
}

function ranked(order: Combination[], scores: (number | undefined)[]): Ranked {
  const ranks = new Array<number>(order.length);
  order.forEach((combination, position) => (ranks[combination.index] = position + 1));
  return { order, scores, ranks };
}

/** The order of the answer for `weight`; that of the service itself if the answer cannot be ranked again. */
export function rank(answer: Answer, weight: Weight): Ranked {
  const { combinations, means } = answer;
  if (weight === "random" || weight === answer.weight || !means) {
    return ranked(combinations, combinations.map(({ score }) => score));
  }
  const scores = combinations.map(({ cost, seconds }) => score(weight, means, cost, seconds));
  const order = [...combinations].sort(
    (a, b) =>
      compare(scores[a.index] ?? 0, scores[b.index] ?? 0) ||
      compare(a.cost, b.cost) ||
      compare(a.seconds, b.seconds) ||
      a.index - b.index,
  );
  return ranked(order, scores);
}

/** Whether the page can rank `answer` for `weight` without asking again. */
export const ranksHere = (answer: Answer, weight: Weight): boolean =>
  weight === answer.weight || (weight !== "random" && answer.means !== undefined);

/** The means, which are over TES of the mean over each one's combinations, with all costs and times of one TES moved. */
function movedMeans(answer: Answer, cost: number, seconds: number): Means | undefined {
  const { means } = answer;
  const count = answer.tes.length;
  return means && { cost: means.cost + cost / count, seconds: means.seconds + seconds / count };
}

/** Whether some combination of `tes` would be the best if all of its costs and times changed by so much. */
export function wouldBeBest(answer: Answer, tes: number, weight: number, cost: number, seconds: number): boolean {
  const means = movedMeans(answer, cost, seconds);
  if (!means) return false;
  let own = Infinity;
  let others = Infinity;
  for (const one of answer.combinations) {
    if (one.tes === tes) own = Math.min(own, score(weight, means, one.cost + cost, one.seconds + seconds));
    else others = Math.min(others, score(weight, means, one.cost, one.seconds));
  }
  return own <= others;
}

/** Where `holds` changes between `inside`, where it holds, and `outside`, where it does not. */
function boundary(inside: number, outside: number, holds: (at: number) => boolean): number {
  for (let step = 0; step < 60; step += 1) {
    const middle = (inside + outside) / 2;
    if (holds(middle)) inside = middle;
    else outside = middle;
  }
  return inside;
}

/** What would make a TES the best, or what keeps it there. */
export interface BreakEven {
  /** Whether it is the best now. */
  isBest: boolean;
  /** The weights of time for which it is the best; none if there are no such weights. */
  weights: [number, number] | undefined;
  /** The change of its cost at which it becomes the best, or stops to be; none if no price does that. */
  cost: number | undefined;
  /** The same for its time. */
  seconds: number | undefined;
}

const smallest = (values: number[]): number => values.reduce((a, b) => Math.min(a, b), Infinity);

/** The largest growth that is looked at, in multiples of the means. */
const FAR = 1e3;

export function breakEven(answer: Answer, tes: number, weight: number): BreakEven | undefined {
  const { means } = answer;
  if (!means || answer.tes.length < 2) return undefined;
  const own = answer.combinations.filter((one) => one.tes === tes);
  const isBest = wouldBeBest(answer, tes, weight, 0, 0);
  const edge = (limit: number, holds: (by: number) => boolean): number | undefined => {
    if (isBest) return holds(limit) ? undefined : boundary(0, limit, holds);
    return holds(limit) ? boundary(limit, 0, holds) : undefined;
  };
  const far = (mean: number) => FAR * Math.max(mean, 1e-9);
  const lowestCost = smallest(own.map(({ cost }) => cost));
  const lowestTime = smallest(own.map(({ seconds }) => seconds));
  return {
    isBest,
    weights: weightsOf(answer, tes),
    cost: edge(isBest ? far(means.cost) : -lowestCost, (by) => wouldBeBest(answer, tes, weight, by, 0)),
    seconds: edge(isBest ? far(means.seconds) : -lowestTime, (by) => wouldBeBest(answer, tes, weight, 0, by)),
  };
}

/** The weights for which a combination of `tes` has the lowest score: an interval, since scores are linear in them. */
export function weightsOf(answer: Answer, tes: number): [number, number] | undefined {
  const { means } = answer;
  if (!means) return undefined;
  // Where a combination beats each combination of other TES is an interval; over the combinations of one TES the union
  // of them may have gaps, of which the widest part is of use.
  const points = answer.combinations.map(({ tes, cost, seconds }) => ({
    tes,
    cost: term(cost, means.cost),
    seconds: term(seconds, means.seconds),
  }));
  const others = envelope(points.filter((point) => point.tes !== tes));
  const own = envelope(points.filter((point) => point.tes === tes));
  const parts: [number, number][] = [];
  for (const a of own) {
    let [low, high] = [0, 1];
    for (const b of others) {
      // w * a.seconds + (1 - w) * a.cost <= the same of b: w * slope <= room.
      const slope = a.seconds - a.cost - (b.seconds - b.cost);
      const room = b.cost - a.cost;
      if (Math.abs(slope) < 1e-15) {
        if (room < 0) high = -1;
      } else if (slope > 0) high = Math.min(high, room / slope);
      else low = Math.max(low, room / slope);
    }
    if (low <= high) parts.push([low, high]);
  }
  parts.sort((a, b) => a[0] - b[0]);
  const joined: [number, number][] = [];
  for (const [low, high] of parts) {
    const last = joined[joined.length - 1];
    if (last && low <= last[1] + 1e-9) last[1] = Math.max(last[1], high);
    else joined.push([low, high]);
  }
  return joined.sort((a, b) => b[1] - b[0] - (a[1] - a[0]))[0];
}

/**
 * Weights with as few digits as can be that lie within the ends of an interval, but for 0 and 1 not at them, where two
 * TES are equally good. None if six digits are too few.
 */
export function weightsWithin([low, high]: [number, number]): [number, number] | undefined {
  for (let scale = 1e3; scale <= 1e6; scale *= 10) {
    const first = low <= 0 ? 0 : (Math.floor(low * scale + 1e-6) + 1) / scale;
    const last = high >= 1 ? 1 : (Math.ceil(high * scale - 1e-6) - 1) / scale;
    if (first <= last) return [first, last];
  }
  return undefined;
}

/** Only points that no other one beats in both cost and time can have the lowest score. */
function envelope<T extends { cost: number; seconds: number }>(points: T[]): T[] {
  const sorted = [...points].sort((a, b) => a.cost - b.cost || a.seconds - b.seconds);
  const front: T[] = [];
  let fastest = Infinity;
  for (const point of sorted) {
    if (point.seconds < fastest) {
      front.push(point);
      fastest = point.seconds;
    }
  }
  return front;
}

/** The ends of the line of equal score through a point, in a box of times and costs; none if it does not cross it. */
export function isoLine(
  weight: number,
  means: Means,
  through: { cost: number; seconds: number },
  box: { seconds: [number, number]; cost: [number, number] },
): [[number, number], [number, number]] | undefined {
  const a = means.seconds > 0 ? weight / means.seconds : 0;
  const b = means.cost > 0 ? (1 - weight) / means.cost : 0;
  const level = a * through.seconds + b * through.cost;
  const [left, right] = box.seconds;
  const [bottom, top] = box.cost;
  if (b === 0 && a === 0) return undefined;
  if (b === 0) return [[through.seconds, bottom], [through.seconds, top]];
  if (a === 0) return [[left, through.cost], [right, through.cost]];
  const costAt = (seconds: number) => (level - a * seconds) / b;
  const secondsAt = (cost: number) => (level - b * cost) / a;
  const clip = (seconds: number): [number, number] => {
    const cost = costAt(seconds);
    if (cost > top) return [secondsAt(top), top];
    if (cost < bottom) return [secondsAt(bottom), bottom];
    return [seconds, cost];
  };
  return [clip(left), clip(right)];
}

/** The means of an answer for drawing, also where it is not whole: any are enough for the slope of a line. */
export const meansForDrawing = (answer: Answer): Means | undefined => answer.statedMeans ?? solveMeans(answer);

/** The means behind the scores of an answer without `means`: two combinations with different scores determine them. */
function solveMeans({ combinations, weight }: Answer): Means | undefined {
  if (weight === "random" || weight === 0 || weight === 1) return undefined;
  const [first] = combinations;
  if (first?.score === undefined) return undefined;
  let best: { determinant: number; means: Means } | undefined;
  for (const other of combinations.slice(1, 200)) {
    if (other.score === undefined) continue;
    // x = weight / mean time, y = (1 - weight) / mean cost: seconds * x + cost * y = score, for both.
    const determinant = first.seconds * other.cost - other.seconds * first.cost;
    const scale = Math.max(first.seconds * other.cost, other.seconds * first.cost);
    if (Math.abs(determinant) <= 1e-6 * scale) continue;
    const x = (first.score * other.cost - other.score * first.cost) / determinant;
    const y = (first.seconds * other.score - other.seconds * first.score) / determinant;
    const relative = Math.abs(determinant) / scale;
    if (x > 0 && y > 0 && relative > (best?.determinant ?? 0)) {
      best = { determinant: relative, means: { seconds: weight / x, cost: (1 - weight) / y } };
    }
  }
  return best?.means;
}
