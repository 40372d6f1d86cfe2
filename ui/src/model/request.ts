// The request as JSON, which the form and the text of the page both edit. Properties that the form does not show stay.

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json | undefined;
}

/** What is ranked: resources and ids, or a whole TES task. */
export type Kind = "resources" | "task";

export const PATHS: Record<Kind, string> = { resources: "/rank-services", task: "/rank-tasks" };

/** Properties of one kind of request only; all others belong to both. */
const ONLY: Record<Kind, readonly string[]> = {
  resources: ["resource_requirements", "object_ids", "object_sizes"],
  task: ["task", "execution_time_sec", "sizes"],
};

/** The properties of the other kind. */
const foreignTo = (kind: Kind): readonly string[] => ONLY[kind === "task" ? "resources" : "task"];

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The value of a text of JSON, which may begin with a byte order mark, as files of some programs do. */
export const parseJson = (text: string): Json => JSON.parse(text.replace(/^\uFEFF/, "")) as Json;

/** `draft` as it is sent: without what belongs to the other kind. */
export function bodyOf(draft: JsonObject, kind: Kind): JsonObject {
  const foreign = foreignTo(kind);
  return Object.fromEntries(Object.entries(draft).filter(([key, value]) => !foreign.includes(key) && value !== undefined));
}

/** `draft` with `body` in the place of everything that is sent for `kind`. */
export function withBody(draft: JsonObject, kind: Kind, body: JsonObject): JsonObject {
  const foreign = foreignTo(kind);
  const kept = Object.entries(draft).filter(([key]) => foreign.includes(key) && !(key in body));
  return { ...body, ...Object.fromEntries(kept) };
}

/** Whether `value` is a TES task by itself. */
export const isTask = (value: unknown): value is JsonObject => isObject(value) && Array.isArray(value.executors);

/** Whether `value` is a request, and no TES task by itself. */
export const isRequest = (value: unknown): value is JsonObject =>
  isObject(value) && !isTask(value) && ["task", "tes_uris", "resource_requirements"].some((key) => Object.hasOwn(value, key));

/** The kind that `body` is. */
export const kindOf = (body: JsonObject): Kind => ("task" in body ? "task" : "resources");

/** The value at `path`, if it is there. */
export function at(draft: Json | undefined, path: readonly string[]): Json | undefined {
  let value: Json | undefined = draft;
  for (const key of path) value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return value;
}

/** `draft` with `value` at `path`; `undefined` takes the property out. */
export function set(draft: JsonObject, path: readonly string[], value: Json | undefined): JsonObject {
  const [key, ...rest] = path;
  if (key === undefined) return draft;
  const copy = { ...draft };
  const inner = copy[key];
  const next = rest.length > 0 ? set(isObject(inner) ? inner : {}, rest, value) : value;
  if (next === undefined) delete copy[key];
  else copy[key] = next;
  return copy;
}

/** The items of a list as lines of text, and back. */
export const toLines = (value: Json | undefined): string =>
  Array.isArray(value) ? value.map((item) => (typeof item === "string" ? item : JSON.stringify(item))).join("\n") : "";

export const fromLines = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

/** The line of `text`, from 0, that has the item at `index`: empty lines are none. */
export function lineOfItem(text: string, index: number): number {
  let item = -1;
  const lines = text.split("\n");
  for (let line = 0; line < lines.length; line += 1) {
    if (lines[line]?.trim()) item += 1;
    if (item === index) return line;
  }
  return -1;
}

/** A fault of the request: a JSON pointer and what is wrong there. */
export interface Fault {
  pointer: string;
  text: string;
}

/** The keys of a JSON pointer (RFC 6901). */
const keysOf = (pointer: string): string[] =>
  pointer.split("/").slice(1).map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));

/** The value at `pointer`, and whether the request has it. */
export function valueAt(request: Json | undefined, pointer: string): { isThere: boolean; value: Json | undefined } {
  let value: Json | undefined = request;
  for (const key of keysOf(pointer)) {
    const holder: Json | undefined = value;
    if (typeof holder !== "object" || holder === null || !Object.hasOwn(holder, key)) return { isThere: false, value: undefined };
    value = (holder as JsonObject)[key];
  }
  return { isThere: true, value };
}

/**
 * Whether what was left out at `pointer` is still not in the `request`. Of a list the next item has taken its place, so
 * that this cannot be seen.
 */
export function isLacking(request: JsonObject, kind: Kind, pointer: string): boolean {
  if (foreignTo(kind).includes(keysOf(pointer)[0] ?? "")) return false;
  const parent = valueAt(request, pointer.slice(0, pointer.lastIndexOf("/")));
  return Array.isArray(parent.value) || !valueAt(request, pointer).isThere;
}

/**
 * A message of a `ValidationError`: `/pointer: text`. Keys may have spaces and colons in them, so the longest pointer
 * that the `request` has counts.
 */
export function parseFault(message: string, request?: JsonObject): Fault {
  if (!message.startsWith("/")) return { pointer: "", text: message };
  const ends = [...message.matchAll(/: /g)].map(({ index }) => index).slice(0, 50);
  const end =
    ends.findLast((at) => request && valueAt(request, message.slice(0, at)).isThere) ??
    ends.find((at) => !/\s/.test(message.slice(0, at)));
  return end === undefined ? { pointer: "", text: message } : { pointer: message.slice(0, end), text: message.slice(end + 2) };
}

/** Whether `fault` of a request that was sent is still one of the request as it is now: nothing changed at its place. */
export const stillHolds = (fault: Fault, sent: JsonObject, now: JsonObject): boolean =>
  JSON.stringify(valueAt(sent, fault.pointer)) === JSON.stringify(valueAt(now, fault.pointer));

/** The faults at `pointer` or inside of it. */
export const faultsAt = (faults: readonly Fault[], pointer: string): Fault[] =>
  faults.filter((fault) => fault.pointer === pointer || fault.pointer.startsWith(`${pointer}/`));

/** The key below `pointer` that `fault` is about. */
const keyBelow = (fault: Fault, pointer: string): string | undefined => keysOf(fault.pointer.slice(pointer.length))[0];

/** Which item of the list at `pointer` the `fault` is about. */
export function itemOf(fault: Fault, pointer: string): number | undefined {
  const key = keyBelow(fault, pointer);
  return key !== undefined && /^\d+$/.test(key) ? Number(key) : undefined;
}

/** Which size of those that `text` has by name the `fault` is about: objects have names that are numbers in another order. */
export function sizeOfFault(fault: Fault, pointer: string, text: string): number | undefined {
  const key = keyBelow(fault, pointer);
  // Of two with one name the last one counts.
  const index = fromLines(text).findLastIndex((line) => nameOf(line) === key);
  return index < 0 ? undefined : index;
}

const UNITS: Record<string, number> = Object.fromEntries(
  ["", "k", "m", "g", "t", "p"].flatMap((prefix, power) => [
    [`${prefix}b`, 1000 ** power],
    ...(power > 0 ? [[prefix, 1000 ** power], [`${prefix}ib`, 1024 ** power]] as const : []),
  ]),
);

/**
 * Bytes as people write them: `1500`, `15 GB`, `3.1 GiB`, and as numbers of JSON are written (`1e+21`, `-1`); other text
 * stays, for the service to say what is wrong with it.
 */
function sizeOf(text: string): Json {
  const match = /^(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s*([a-z]*)$/i.exec(text.trim());
  const unit = UNITS[(match?.[2] || "b").toLowerCase()];
  const size = match && unit !== undefined ? Math.round(Number(match[1]) * unit) : NaN;
  return Number.isFinite(size) ? size : text.trim();
}

/** Sizes by name as lines of `name = size`, and back. A name may have equals signs of its own, as URLs do. */
export const toSizeLines = (value: Json | undefined): string =>
  isObject(value)
    ? Object.entries(value).map(([name, size]) => `${name} = ${typeof size === "string" ? size : JSON.stringify(size)}`).join("\n")
    : "";

function nameOf(line: string): string {
  const at = line.lastIndexOf("=");
  return at < 0 ? line : line.slice(0, at).trim();
}

export const fromSizeLines = (text: string): JsonObject =>
  Object.fromEntries(
    fromLines(text).map((line) => [nameOf(line), line.includes("=") ? sizeOf(line.slice(line.lastIndexOf("=") + 1)) : ""]),
  );
