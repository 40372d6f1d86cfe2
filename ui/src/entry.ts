// The request in the entry of the browser's history, which reload and Back give back whole, and in the address of the
// page, which is passed on and so has nothing that may be secret. The token is in neither.

import { batch, effect, untracked } from "@preact/signals";

import { cancel } from "./calls";
import { isObject, type JsonObject, type Kind } from "./model/request";
import { fromFragment, shareable, toFragment } from "./model/share";
import { answer, body, draft, initial, kind, lacking, missing, notice, replaceBody } from "./store";

/** What an entry keeps. */
interface Kept {
  kind: Kind;
  draft: JsonObject;
  missing: string[];
}

const current = (): Kept => ({ kind: kind.value, draft: draft.value, missing: missing.value });

const isSame = (a: Kept, b: Kept): boolean => JSON.stringify(a) === JSON.stringify(b);

function keptIn(state: unknown): Kept | undefined {
  if (!isObject(state) || !isObject(state.draft) || !Array.isArray(state.missing)) return undefined;
  const { kind, draft } = state;
  if (kind !== "resources" && kind !== "task") return undefined;
  return { kind, draft, missing: state.missing.filter((item) => typeof item === "string") };
}

/** The most characters of a link: browsers end at two million. */
const LONGEST_LINK = 1_000_000;

/** The address of the page with the request, for the address bar and for `Copy link`. Rejects if that is too long. */
export async function link(): Promise<{ href: string; dropped: string[] }> {
  const { body: shared, dropped } = shareable(body.value);
  const url = new URL(location.href);
  const fragment = await toFragment(shared, [...new Set([...lacking.value, ...dropped])]);
  if (fragment.length > LONGEST_LINK) throw new RangeError("the request is too large for a link");
  url.hash = fragment;
  return { href: url.href, dropped };
}

/** The fragment that the form goes with: where there is another one by now, a link was opened. */
let owned = location.hash;
/** What the entry is known to keep, or the link to give. */
let settled: Kept | undefined;
let writes = 0;

function put(kept: Kept, href: string): void {
  try {
    history.replaceState(kept, "", href);
  } catch {
    // Larger than what browsers keep.
    history.replaceState(null, "", href);
  }
}

/** Writes the request into entry and address. Not into a new entry: Back leads away from the page. */
async function write(): Promise<void> {
  writes += 1;
  const turn = writes;
  const kept = current();
  // Without what it had before, where the request is too large: that was another one.
  const { href } = await link().catch(() => ({ href: location.pathname + location.search }));
  if (turn !== writes || location.hash !== owned) return;
  put(kept, href);
  owned = location.hash;
  settled = kept;
}

/** Whether there is something in the form that the entry does not have. */
function isDue(): boolean {
  const kept = current();
  return draft.value !== initial.value && !(settled && isSame(settled, kept));
}

/**
 * How long the form must rest before it is written, in milliseconds: browsers refuse more than some 20 writes a second,
 * and take none while the page is being left.
 */
const REST = 100;

effect(() => {
  if (!isDue()) return;
  const timer = setTimeout(() => void write(), REST);
  return () => clearTimeout(timer);
});

effect(() => {
  if (answer.value) untracked(() => void write());
});

let restores = 0;

/** Shows `kept`, to which the last answer is none. It is not sent: a link alone must not make calls. */
function show(kept: Kept, text: string): void {
  cancel();
  batch(() => {
    kind.value = kept.kind;
    draft.value = kept.draft;
    missing.value = kept.missing;
    notice.value = { text, isError: false };
  });
  settled = current();
}

/** Reads the request of the entry, else that of the address, into the form. */
export async function restore(): Promise<void> {
  restores += 1;
  const turn = restores;
  const kept = keptIn(history.state);
  if (kept) {
    owned = location.hash;
    if (!isSame(kept, current())) show(kept, "The request is as you left it. Press Rank to send it.");
    return;
  }
  const before = draft.value;
  try {
    const found = await fromFragment(location.hash);
    // A link that came later counts, and what was typed while this one was read.
    if (turn !== restores) return;
    owned = location.hash;
    if (!found || draft.value !== before) return;
    batch(() => {
      draft.value = {};
      replaceBody(found.body, found.without);
      const without = lacking.value.length > 0 ? ", which left out what may be secret" : "";
      show(current(), `The request is from the link${without}. Press Rank to send it.`);
    });
  } catch {
    if (turn !== restores) return;
    owned = location.hash;
    notice.value = { text: "The request of this link cannot be read: the link may be cut off.", isError: true };
  }
}

addEventListener("hashchange", () => void restore());
