// What goes to the service and comes back. Every wait here may end after something newer has begun: what is late then
// changes nothing.

import { batch, effect, signal } from "@preact/signals";

import { NotARanking } from "./model/answer";
import { ask, fetchSettings } from "./model/service";
import {
  asking,
  current,
  draft,
  fail,
  initial,
  isOtherWeight,
  isReadable,
  isStale,
  settings,
  take,
  unread,
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
  if (!isReadable()) return false;
  flight?.abort();
  const controller = new AbortController();
  flight = controller;
  const sent = current.value;
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

/** How long the weight must rest before the service is asked again, in milliseconds. */
const REST = 350;

/** Asks again when the weight has changed and the answer cannot be ranked for it here. */
effect(() => {
  const due = isOtherWeight.value && !isStale.value && unread.value === 0;
  void weight.value;
  isDue.value = due;
  if (!due) return;
  const timer = setTimeout(() => {
    isDue.value = false;
    void submit();
  }, REST);
  return () => clearTimeout(timer);
});

let restored: Promise<void> = Promise.resolve();
let loading: Promise<void> | undefined;

/** Asks the service about itself, once at a time. */
function loadSettings(): Promise<void> {
  loading ??= Promise.all([fetchSettings(), restored])
    .then(([told]) =>
      batch(() => {
        settings.value = told;
        // Not over what was restored, or typed while the service was asked.
        if (draft.value !== initial.value || Object.keys(told.example).length === 0) return;
        initial.value = { ...told.example, explain: true };
        draft.value = initial.value;
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

/** Asks for the settings, whose example comes after what is `restoring`. */
export async function start(restoring: Promise<void>): Promise<void> {
  restored = restoring;
  await keepLoading();
}
