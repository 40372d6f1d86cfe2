// The state of the page. Outside of memory, the browser's history has the request, and nothing has the token.

import { batch, computed, signal } from "@preact/signals";

import { type Answer, isSameCombination, readAnswer, type Weight } from "./model/answer";
import { rank, ranksHere } from "./model/ranking";
import {
  at,
  bodyOf,
  type Fault,
  isLacking,
  type JsonObject,
  type Kind,
  kindOf,
  parseFault,
  set,
  stillHolds,
  withBody,
} from "./model/request";
import type { Failure, Settings } from "./model/service";

/** What the form starts with until the service has told its example. */
export const BLANK: JsonObject = { tes_uris: [], resource_requirements: {}, object_ids: [], drs_uris: [], mode: 0.5 };

/** A request as it is sent: what is asked, what the link that it is from left out of it, and who asks. */
export interface Sent {
  kind: Kind;
  body: JsonObject;
  missing: string[];
  token: string;
}

export const settings = signal<Settings | undefined>(undefined);
/** The request that the form starts with, until something is changed. */
export const initial = signal<JsonObject>(BLANK);
export const draft = signal<JsonObject>(BLANK);
/** The places of what the link that the request is from left out. */
export const missing = signal<string[]>([]);
export const kind = signal<Kind>("resources");
export const token = signal("");
/** Something to tell beside the form: what a link left out, why a file was not read. */
export const notice = signal<{ text: string; isError: boolean } | undefined>(undefined);

/** How many texts cannot be read as they are typed: the request does not have them, and is not sent. */
export const unread = signal(0);

/** Counts a text that cannot be read, until what is given back is called. */
export function markUnread(): () => void {
  unread.value += 1;
  return () => {
    unread.value -= 1;
    if (unread.value === 0) held.value = 0;
  };
}

/** How often something was to be sent or copied since there is text that cannot be read. */
export const held = signal(0);

/** Whether the request is what the form shows. If not, the form tells. */
export function isReadable(): boolean {
  if (unread.value === 0) return true;
  held.value += 1;
  return false;
}

export const answer = signal<Answer | undefined>(undefined);
/** The request of the answer. */
const answered = signal<Sent | undefined>(undefined);
/** Why there is no answer to the request that was sent last, with that request. */
const refused = signal<{ failure: Failure; sent: Sent } | undefined>(undefined);
export const failure = computed(() => refused.value?.failure);
/** When the request in flight was sent, by `performance.now()`. */
export const asking = signal<number | undefined>(undefined);
export const took = signal({ milliseconds: 0, at: new Date(0) });

export const body = computed(() => bodyOf(draft.value, kind.value));

/** What is missing and was not filled in since. */
export const lacking = computed(() => missing.value.filter((pointer) => isLacking(body.value, kind.value, pointer)));

export const weight = computed<Weight>(() => weightOf(at(draft.value, ["mode"])));

export function weightOf(mode: unknown): Weight {
  if (mode === "cost") return 0;
  if (mode === "time") return 1;
  if (mode === "random" || mode === -1) return "random";
  return typeof mode === "number" && mode >= 0 && mode <= 1 ? mode : 0.5;
}

/** What tells two requests apart, their weight aside. */
const keyOf = ({ kind, body, missing, token }: Sent): string =>
  JSON.stringify([kind, missing, token, { ...body, mode: null }]);

export const current = computed<Sent>(() => ({
  kind: kind.value,
  body: body.value,
  missing: lacking.value,
  token: token.value,
}));

/** What the request of the answer lacked. */
export const answeredWithout = computed(() => answered.value?.missing ?? []);

/** Whether the form differs from what the answer is for, its weight aside. */
export const isStale = computed(() => answered.value !== undefined && keyOf(current.value) !== keyOf(answered.value));

export const ranked = computed(() => (answer.value ? rank(answer.value, weight.value) : undefined));

/** Whether the answer is for another weight than the form's, and cannot be ranked again here. */
export const isOtherWeight = computed(() => answer.value !== undefined && !ranksHere(answer.value, weight.value));

/** The weight that the order which is shown is for. */
export const rankedWeight = computed<Weight>(() =>
  answer.value && isOtherWeight.value ? answer.value.weight : weight.value,
);

/** The combination that was chosen; the first one until there is a choice. */
const chosen = signal<number | undefined>(undefined);
export const selected = computed(() => {
  const list = answer.value?.combinations;
  if (!list || list.length === 0) return undefined;
  return list[chosen.value ?? ranked.value?.order[0]?.index ?? 0];
});
/** The combination under the pointer or the focus. */
export const hovered = signal<number | undefined>(undefined);
/** The TES that the table shows alone, by its position in the answer. */
export const onlyTes = signal<number | undefined>(undefined);

/** The most faults that are looked at. */
const MOST_FAULTS = 1000;

/** The faults of the request that was sent last, but for those whose place was changed since. */
export const faults = computed<Fault[]>(() => {
  const last = refused.value;
  if (last?.failure.kind !== "refused" || last.sent.kind !== kind.value) return [];
  return last.failure.entries
    .filter(({ reason }) => reason === "ValidationError")
    .flatMap(({ message }) => message)
    .slice(0, MOST_FAULTS)
    .map((text) => parseFault(text, last.sent.body))
    .filter((fault) => stillHolds(fault, last.sent.body, body.value));
});

/** What is wrong with the token, until another one is given. */
export const tokenFaults = computed<string[]>(() => {
  const last = refused.value;
  if (last?.failure.kind !== "refused" || last.failure.status !== 401 || last.sent.token !== token.value) return [];
  return last.failure.entries.flatMap(({ message }) => message);
});

export function select(index: number | undefined): void {
  chosen.value = index;
}

export function edit(path: string[], value: Parameters<typeof set>[2]): void {
  draft.value = set(draft.value, path, value);
}

export function setWeight(value: Weight): void {
  edit(["mode"], value);
}

/** Takes over a whole request, for instance from its text, or from a link that left out what is at `without`. */
export function replaceBody(next: JsonObject, without: string[] = []): void {
  batch(() => {
    missing.value = without;
    kind.value = kindOf(next);
    draft.value = withBody(draft.value, kind.value, next);
  });
}

/** Shows that there is no answer to `sent`. The last answer stays. */
export function fail(failure: Failure, sent: Sent): void {
  refused.value = { failure, sent };
}

/** Shows what the service answered to `sent`. What was chosen stays chosen as far as it is in the new answer, too. */
export function take(sent: Sent, received: unknown, milliseconds: number): void {
  const next = readAnswer(received, sent.body, weightOf(sent.body.mode));
  const last = answer.value;
  const isRepeat = answered.value !== undefined && keyOf(sent) === keyOf(answered.value);
  const before = chosen.value === undefined ? undefined : last?.combinations[chosen.value];
  const onlyUri = onlyTes.value === undefined ? undefined : last?.tes[onlyTes.value];
  const position = onlyUri === undefined ? -1 : next.tes.indexOf(onlyUri);
  batch(() => {
    chosen.value = isRepeat && before ? next.combinations.find((one) => isSameCombination(one, before))?.index : undefined;
    onlyTes.value = isRepeat && position >= 0 ? position : undefined;
    hovered.value = undefined;
    answer.value = next;
    answered.value = sent;
    took.value = { milliseconds, at: new Date() };
    refused.value = undefined;
  });
}
