// The answer in one sentence: is the cheap site worth the wait? As a headline, and for screen readers when it changes.

import { isDue, submit } from "../calls";
import { duration, integer, money, number, percent, time } from "../model/format";
import { answer, asking, isOtherWeight, isStale, ranked, rankedWeight, select, took } from "../store";
import { tesName } from "./names";

/** The first combination, and the first one of another TES. */
function leaders() {
  const order = ranked.value?.order;
  const first = order?.[0];
  return { first, other: order?.find(({ tes }) => tes !== first?.tes) };
}

function countText(): string {
  const data = answer.value;
  if (!data) return "";
  const count = data.combinations.length;
  const space = data.spaceSize === undefined || data.spaceSize === BigInt(count) ? "" : ` of ${integer(data.spaceSize)}`;
  const { milliseconds } = took.value;
  const seconds = number(milliseconds / 1000, milliseconds < 1000 ? 2 : 1);
  return `${integer(count)}${space} ${count === 1 && !space ? "combination" : "combinations"}, answered in ${seconds} s`;
}

const NOTHING = "There is no combination to rank.";

export function Verdict() {
  const data = answer.value;
  const { first, other } = leaders();
  if (!data) return null;
  if (!first) return <p class="verdict">{NOTHING}</p>;
  // The first one of a random order is none that anything speaks for.
  const isRandom = rankedWeight.value === "random";
  return (
    <header class="verdict">
      <p class="headline">
        {isRandom && "In random order, first: "}
        <button type="button" class="link" onClick={() => select(first.index)}>{tesName(first.tes)}</button> for{" "}
        <strong>{money(first.cost, data.currency)}</strong> in <strong>{duration(first.seconds)}</strong>
        {other && !isRandom && <span class="versus">. {comparison(first, other, data.currency)}</span>}
      </p>
      <p class="hint">
        {countText()} at {time(took.value.at)}. <Currency />
      </p>
    </header>
  );
}

/** Tells screen readers of a new answer, and of another best one while the slider moves. */
export function Announcement() {
  return <p class="visually-hidden" role="status">{announced()}</p>;
}

function announced(): string {
  const data = answer.value;
  // Empty in between, so that an answer like the last one is told, too.
  if (!data || asking.value !== undefined) return "";
  const { first } = leaders();
  if (!first) return NOTHING;
  const figures = `${tesName(first.tes)} for ${money(first.cost, data.currency)} in ${duration(first.seconds)}`;
  const what = rankedWeight.value === "random" ? "In random order, first" : "Best";
  return `${what}: ${figures}. ${countText()}.${isOtherWeight.value && !isDue.value ? " For another weight." : ""}`;
}

/** Whether the answer is for what the form shows, and if not, what to do. */
function Currency() {
  if (asking.value !== undefined) return null;
  if (isDue.value) return <>Asking again for this weight…</>;
  const text = isStale.value ? "For an earlier request." : isOtherWeight.value ? "For another weight." : undefined;
  if (!text) return null;
  return (
    <>
      {text}{" "}
      <button type="button" class="link" onClick={() => void submit()}>Rank again</button>
    </>
  );
}

interface Point {
  cost: number;
  seconds: number;
  tes: number;
}

function comparison(best: Point, other: Point, currency: string): string {
  const cost = other.cost - best.cost;
  const seconds = other.seconds - best.seconds;
  const share = percent(Math.abs(cost) / Math.max(best.cost, 1e-12));
  const isSameCost = Math.abs(cost) <= 1e-9 * Math.max(best.cost, other.cost);
  const isSameTime = Math.abs(seconds) < 0.5;
  const price = isSameCost
    ? "costs the same"
    : cost < 0
      ? `saves ${money(-cost, currency)} (${share})`
      : `costs ${money(cost, currency)} more`;
  const time = isSameTime
    ? "takes as long"
    : seconds < 0
      ? `is done ${duration(-seconds)} earlier`
      : `takes ${duration(seconds)} longer`;
  const join = (cost < 0) === (seconds < 0) || isSameCost || isSameTime ? "and" : "but";
  return `${tesName(other.tes)} ${price} ${join} ${time}.`;
}
