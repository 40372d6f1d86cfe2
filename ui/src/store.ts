// The state of the page, and what changes it. Nothing is stored outside of memory but the request in the URL's fragment.

import { batch, computed, effect, signal } from "@preact/signals";

import { type Answer, NotARanking, readAnswer, type Weight } from "./model/answer";
import { rank, ranksHere } from "./model/ranking";
import {
  at,
  bodyOf,
  type Fault,
  isObject,
  type JsonObject,
  type Kind,
  kindOf,
  parseFault,
  set,
  withBody,
} from "./model/request";
import { ask, type Failure, fetchSettings, type Settings } from "./model/service";
import { fromFragment, shareable, toFragment } from "./model/share";

/** What the form starts with until the service has told its example. */
const BLANK: JsonObject = { tes_uris: [], resource_requirements: {}, object_ids: [], drs_uris: [], mode: 0.5 };

export const settings = signal<Settings | undefined>(undefined);
export const draft = signal<JsonObject>(BLANK);
export const kind = signal<Kind>("resources");
export const token = signal("");
/** Something to tell beside the form: what a link left out, why a file was not read. */
export const notice = signal<{ text: string; isError: boolean } | undefined>(undefined);

export const answer = signal<Answer | undefined>(undefined);
/** The request of the answer, as text, without its mode: to tell whether the form has changed since. */
const answered = signal("");
export const failure = signal<Failure | undefined>(undefined);
/** When the request in flight was sent, by `performance.now()`. */
export const asking = signal<number | undefined>(undefined);
export const took = signal(0);

export const body = computed(() => bodyOf(draft.value, kind.value));

export const weight = computed<Weight>(() => weightOf(at(draft.value, ["mode"])));

function weightOf(mode: unknown): Weight {
  if (mode === "cost") return 0;
  if (mode === "time") return 1;
  if (mode === "random" || mode === -1) return "random";
  return typeof mode === "number" && mode >= 0 && mode <= 1 ? mode : 0.5;
}

const withoutMode = (request: JsonObject): string => JSON.stringify({ ...request, mode: null });

/** Whether the form differs from what the answer is for, its weight aside. */
export const isStale = computed(() => answer.value !== undefined && withoutMode(body.value) !== answered.value);

export const ranked = computed(() => (answer.value ? rank(answer.value, weight.value) : undefined));

/** Whether the answer is for another weight than the form's, and cannot be ranked again here. */
export const isOtherWeight = computed(() => answer.value !== undefined && !ranksHere(answer.value, weight.value));

/** The combination that was chosen; the best one until there is a choice. */
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

export const faults = computed<Fault[]>(() => {
  const value = failure.value;
  if (value?.kind !== "refused") return [];
  return value.entries.filter(({ reason }) => reason === "ValidationError").flatMap(({ message }) => message.map(parseFault));
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

/** Takes over a whole request, for instance from its text. */
export function replaceBody(next: JsonObject): void {
  batch(() => {
    kind.value = kindOf(next);
    draft.value = withBody(draft.value, kind.value, next);
  });
}

/** The position in `next` of the combination at `index` of `last`, if it is there. */
function sameIn(next: Answer, last: Answer | undefined, index: number): number | undefined {
  const uris = JSON.stringify(last?.combinations[index]?.raw.access_uris);
  return next.combinations.find(({ raw }) => JSON.stringify(raw.access_uris) === uris)?.index;
}

let flight: AbortController | undefined;

export function cancel(): void {
  flight?.abort();
}

/** Sends the request. The previous answer stays until there is another. */
export async function submit(): Promise<void> {
  flight?.abort();
  const controller = new AbortController();
  flight = controller;
  const request = body.value;
  const sentWeight = weight.value;
  const sentToken = token.value;
  const isRepeat = withoutMode(request) === answered.value;
  asking.value = performance.now();
  try {
    const outcome = await ask(kind.value, request, sentToken, settings.value?.token, controller.signal);
    batch(() => {
      if ("failure" in outcome) {
        failure.value = outcome.failure;
        return;
      }
      const tesUris = Array.isArray(request.tes_uris) ? request.tes_uris.filter((uri) => typeof uri === "string") : [];
      const next = readAnswer(outcome.body, tesUris, sentWeight);
      chosen.value = isRepeat && chosen.value !== undefined ? sameIn(next, answer.value, chosen.value) : undefined;
      hovered.value = undefined;
      answer.value = next;
      answered.value = withoutMode(request);
      took.value = outcome.milliseconds;
      failure.value = undefined;
      if (!isRepeat) onlyTes.value = undefined;
    });
    await updateFragment(request);
  } catch (error) {
    if (controller.signal.aborted) return;
    if (!(error instanceof NotARanking)) throw error;
    failure.value = { kind: "unreadable", status: 200 };
  } finally {
    if (flight === controller) {
      flight = undefined;
      asking.value = undefined;
    }
  }
}

/** The address of the page with the request, for the address bar and for `Copy link`. */
export async function link(request: JsonObject): Promise<{ href: string; dropped: string[] }> {
  const { body, dropped } = shareable(request);
  const url = new URL(location.href);
  url.hash = await toFragment(body);
  return { href: url.href, dropped };
}

async function updateFragment(request: JsonObject): Promise<void> {
  const { href } = await link(request);
  // Not a new entry of the history for every try.
  history.replaceState(null, "", href);
}

/** How long the weight must rest before the service is asked again, in milliseconds. */
const REST = 350;

/** Asks again when the weight has changed and the answer cannot be ranked for it here. */
effect(() => {
  const due = isOtherWeight.value && !isStale.value;
  void weight.value;
  if (!due) return;
  const timer = setTimeout(() => void submit(), REST);
  return () => clearTimeout(timer);
});

/** Reads the request of the URL's fragment into the form. It is not sent: a link alone must not make calls. */
export async function restore(): Promise<void> {
  try {
    const request = await fromFragment(location.hash);
    if (!request) return;
    batch(() => {
      draft.value = {};
      replaceBody(request);
      notice.value = { text: "The request is from the link. Press Rank to send it.", isError: false };
    });
  } catch {
    notice.value = { text: "The request of this link cannot be read: the link may be cut off.", isError: true };
  }
}

export async function start(): Promise<void> {
  await restore();
  addEventListener("hashchange", () => void restore());
  try {
    const told = await fetchSettings();
    batch(() => {
      settings.value = told;
      // Not over what was restored, or typed while the service was asked.
      if (draft.value === BLANK && isObject(told.example)) draft.value = { ...told.example, explain: true };
    });
  } catch {
    // The form works without; the next request tells what is wrong.
  }
}
