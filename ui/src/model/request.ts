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

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** `draft` as it is sent: without what belongs to the other kind. */
export function bodyOf(draft: JsonObject, kind: Kind): JsonObject {
  const foreign = ONLY[kind === "task" ? "resources" : "task"];
  return Object.fromEntries(Object.entries(draft).filter(([key, value]) => !foreign.includes(key) && value !== undefined));
}

/** `draft` with `body` in the place of everything that is sent for `kind`. */
export function withBody(draft: JsonObject, kind: Kind, body: JsonObject): JsonObject {
  const foreign = ONLY[kind === "task" ? "resources" : "task"];
  const kept = Object.entries(draft).filter(([key]) => foreign.includes(key) && !(key in body));
  return { ...body, ...Object.fromEntries(kept) };
}

/** Whether `value` is a TES task by itself. */
export const isTask = (value: unknown): value is JsonObject => isObject(value) && Array.isArray(value.executors);

/** The kind that `body` is. */
export const kindOf = (body: JsonObject): Kind => ("task" in body ? "task" : "resources");

/** The value at `path`, if it is there. */
export function at(draft: Json | undefined, path: readonly string[]): Json | undefined {
  let value: Json | undefined = draft;
  for (const key of path) value = isObject(value) ? value[key] : undefined;
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

/** A message of a `ValidationError`: `/pointer: text`. A pointer may have escaped slashes, and a key may have colons. */
export function parseFault(message: string): Fault {
  const match = /^(\/[^\s]*?): (.*)$/s.exec(message);
  return match ? { pointer: match[1] ?? "", text: match[2] ?? "" } : { pointer: "", text: message };
}

/** The faults at `pointer` or inside of it. */
export const faultsAt = (faults: readonly Fault[], pointer: string): Fault[] =>
  faults.filter((fault) => fault.pointer === pointer || fault.pointer.startsWith(`${pointer}/`));

/** The index in a list that `fault` is about. */
export function indexOf(fault: Fault, pointer: string): number | undefined {
  const match = /^\/(\d+)(\/|$)/.exec(fault.pointer.slice(pointer.length));
  return match ? Number(match[1]) : undefined;
}
