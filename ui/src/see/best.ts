// What would make a TES the best, or keeps it there, in sentences. Bounds are rounded to the side where they hold: who
// applies what is told gets what is said.

import type { Answer, Combination } from "../model/answer";
import { duration, money, number, percent, type Rounding } from "../model/format";
import { type BreakEven, weightsWithin } from "../model/ranking";

/** At a bound itself two are equally good, so that what is told lies this much beyond, relatively. */
const BEYOND = 1e-9;

/** From this share on, percents tell nothing: of what costs nothing, nothing is a share. */
const LARGEST_SHARE = 10;

const beyond = (value: number, rounding: Rounding): number => value * (rounding === "up" ? 1 + BEYOND : 1 - BEYOND);

export function sentencesOf(data: Answer, tes: number, name: string, { isBest, weights, cost, seconds }: BreakEven): string[] {
  const own = data.combinations.filter((one) => one.tes === tes);
  const cheapest = own.reduce((a, b) => (b.cost < a.cost ? b : a));
  const fastest = own.reduce((a, b) => (b.seconds < a.seconds ? b : a));
  const price = (change: number, rounding: Rounding) => {
    const amount = beyond(Math.abs(change), rounding);
    const share = amount < LARGEST_SHARE * cheapest.cost ? ` (${percent(amount / cheapest.cost, rounding)})` : "";
    return `${money(amount, data.currency, rounding)}${share}`;
  };
  const time = (change: number, rounding: Rounding) => duration(beyond(Math.abs(change), rounding), rounding);
  const weight = weightSentence(weights, isBest);
  if (isBest) {
    return [
      `${name} is the best at this weight.`,
      cost === undefined
        ? "No higher price would change that."
        : cost <= 1e-9 * Math.max(cheapest.cost, data.means?.cost ?? 0)
          ? "It stays the best only while it costs no more: another one is as good."
          : `It stays the best while it costs at most ${price(cost, "down")} more.`,
      seconds === undefined
        ? "No longer queue would change that."
        : seconds < 0.2
          ? "It stays the best only while it takes no longer."
          : `It stays the best while it takes at most ${time(seconds, "down")} longer.`,
      weight,
    ];
  }
  return [
    cost === undefined
      ? "Price: not even if it were free."
      : beyond(-cost, "up") > cheapest.cost
        ? "Price: even if it were free, it would be no better than another one."
        : `Price: ${price(cost, "up")} less per task.`,
    timeSentence(seconds, fastest, time),
    weight,
  ];
}

function timeSentence(
  seconds: number | undefined,
  { seconds: whole, timeParts }: Combination,
  time: (change: number, rounding: Rounding) => string,
): string {
  if (seconds === undefined) return "Time: no speed is enough.";
  if (beyond(-seconds, "up") > whole) return "Time: even if it took none, it would be no better than another one.";
  const queue = timeParts?.queue;
  const less = time(seconds, "up");
  if (queue === undefined) return `Queue: ${less} less.`;
  if (-seconds > queue) return `Time: ${less} less; an empty queue, which is ${duration(queue)} less, is not enough.`;
  return `Queue: ${less} less (a queue of ${time(queue + seconds, "down")} in place of ${duration(queue)}).`;
}

function weightSentence(weights: [number, number] | undefined, isBest: boolean): string {
  if (!weights) return "Weight: it is not the best at any weight of time.";
  const within = weightsWithin(weights);
  if (!within) return `Weight: at ${number((weights[0] + weights[1]) / 2, 6)} alone it is as good as another one.`;
  const start = isBest ? "It is the best" : "Weight: it is the best";
  const [low, high] = within;
  if (low === 0 && high === 1) return `${start} at every weight of time.`;
  if (low === 0) return `${start} where time counts at most ${number(high, 6)}.`;
  if (high === 1) return `${start} where time counts at least ${number(low, 6)}.`;
  return `${start} where time counts from ${number(low, 6)} to ${number(high, 6)}.`;
}
