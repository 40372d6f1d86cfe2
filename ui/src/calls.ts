// What goes to the service and comes back, and the request in the URL's fragment. Every wait here may end after something
// newer has begun: what is late then changes nothing.

import { batch, effect, signal } from "@preact/signals";

import { NotARanking } from "./model/answer";
import type { JsonObject } from "./model/request";
import { ask, fetchSettings } from "./model/service";
import { fromFragment, shareable, toFragment } from "./model/share";
import {
  asking,
  BLANK,
  body,
  draft,
  fail,
  isOtherWeight,
  isStale,
  kind,
  notice,
  replaceBody,
  type Sent,
  settings,
  take,
  token,
  weight,
} from "./store";

let flight: AbortController | undefined;

/** Whether the service will be asked again by itself, since the weight has moved. */
export const isDue = signal(false);

export function cancel(): void {
  flight?.abort();
  flight = undefined;
  asking.value = undefined;
}

/** Sends the request, and tells whether there is an answer to it. The previous one stays until there is another. */
export async function submit(): Promise<boolean> {
  flight?.abort();
  const controller = new AbortController();
  flight = controller;
  const sent: Sent = { kind: kind.value, body: body.value, token: token.value };
  const { hash } = location;
  asking.value = performance.now();
  try {
    // They name the header of the token.
    if (!settings.value && sent.token) await loadSettings().catch(() => undefined);
    if (controller.signal.aborted) return false;
    const outcome = await ask(sent.kind, sent.body, sent.token, settings.value?.token, controller.signal);
    if (controller.signal.aborted) return false;
    if ("failure" in outcome) {
      fail(outcome.failure, sent);
      return false;
    }
    take(sent, outcome.body, outcome.milliseconds);
    // After the answer is shown: packing the request takes a moment.
    void updateFragment(sent.body, hash);
    return true;
  } catch (error) {
    if (controller.signal.aborted) return false;
    fail({ kind: "unreadable", status: 200 }, sent);
    if (!(error instanceof NotARanking)) throw error;
    return false;
  } finally {
    if (flight === controller) {
      flight = undefined;
      asking.value = undefined;
    }
  }
}

/** The most characters of a link: browsers end at two million. */
const LONGEST_LINK = 1_000_000;

/** The address of the page with the request, for the address bar and for `Copy link`. Rejects if that is too long. */
export async function link(request: JsonObject): Promise<{ href: string; dropped: string[] }> {
  const { body, dropped } = shareable(request);
  const url = new URL(location.href);
  const fragment = await toFragment(body);
  if (fragment.length > LONGEST_LINK) throw new RangeError("the request is too large for a link");
  url.hash = fragment;
  return { href: url.href, dropped };
}

let updates = 0;

/** Writes the request into the address, unless there is another link in it by now, or a newer request. */
async function updateFragment(request: JsonObject, hash: string): Promise<void> {
  updates += 1;
  const update = updates;
  // Without what it had before, where the request is too large: that was another one.
  const { href } = await link(request).catch(() => ({ href: location.pathname + location.search }));
  // Not a new entry of the history for every try.
  if (update === updates && location.hash === hash) history.replaceState(null, "", href);
}

/** How long the weight must rest before the service is asked again, in milliseconds. */
const REST = 350;

/** Asks again when the weight has changed and the answer cannot be ranked for it here. */
effect(() => {
  const due = isOtherWeight.value && !isStale.value;
  void weight.value;
  isDue.value = due;
  if (!due) return;
  const timer = setTimeout(() => {
    isDue.value = false;
    void submit();
  }, REST);
  return () => clearTimeout(timer);
});

let restores = 0;

/** Reads the request of the URL's fragment into the form. It is not sent: a link alone must not make calls. */
export async function restore(): Promise<void> {
  restores += 1;
  const turn = restores;
  const before = draft.value;
  try {
    const request = await fromFragment(location.hash);
    // A link that came later counts, and what was typed while this one was read.
    if (!request || turn !== restores || draft.value !== before) return;
    // An answer to what was asked before would be one to another request than the form shows.
    cancel();
    batch(() => {
      draft.value = {};
      replaceBody(request);
      notice.value = { text: "The request is from the link. Press Rank to send it.", isError: false };
    });
  } catch {
    if (turn !== restores) return;
    notice.value = { text: "The request of this link cannot be read: the link may be cut off.", isError: true };
  }
}

let restored: Promise<void> = Promise.resolve();
let loading: Promise<void> | undefined;

/** Asks the service about itself, once at a time. */
function loadSettings(): Promise<void> {
  loading ??= Promise.all([fetchSettings(), restored])
    .then(([told]) =>
      batch(() => {
        settings.value = told;
        // Not over what was restored, or typed while the service was asked.
        if (draft.value === BLANK && Object.keys(told.example).length > 0) draft.value = { ...told.example, explain: true };
      }),
    )
    .finally(() => (loading = undefined));
  return loading;
}

/** The longest wait before the service is asked about itself again, in milliseconds. */
const LONGEST_WAIT = 30_000;

/** Asks until the service is there: it may have been down when the page was opened. */
async function keepLoading(): Promise<void> {
  for (let wait = 1000; !settings.value; wait = Math.min(2 * wait, LONGEST_WAIT)) {
    try {
      await loadSettings();
      return;
    } catch {
      // The form works without; the next request tells what is wrong.
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

export async function start(): Promise<void> {
  addEventListener("hashchange", () => void restore());
  restored = restore();
  await keepLoading();
}
