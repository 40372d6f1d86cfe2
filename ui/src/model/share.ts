// The request in the fragment of the page's URL, without what may be secret. Fragments are not sent to servers, but links
// are passed on.

import { isObject, type Json, type JsonObject } from "./request";

/** Properties that a shared request may have. Others are unknown to the service, and could hold anything. */
const SHARED = new Set([
  "tes_uris",
  "resource_requirements",
  "object_ids",
  "drs_uris",
  "mode",
  "object_sizes",
  "explain",
  "registries",
  "limit",
  "task",
  "execution_time_sec",
  "sizes",
]);

/** Query keys that never sign anything; the service itself answers URIs with these only. */
const PLAIN_KEYS = new Set(["alt", "userproject", "generation", "versionid", "snapshot", "download", "format"]);

/** Of a task, what may hold a secret and is not needed to rank it. */
const SECRET_PARTS = new Set(["env", "content", "stdin"]);

const JWT = /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/;

/** The most that a link is read into. */
const MOST_BYTES = 4 << 20;

/** The most places that a link names as left out, and the most characters of each. */
const MOST_LEFT_OUT = 100;
const LONGEST_POINTER = 200;

/** Whether `text` holds a secret: a token, or a URL with a password or a signature. */
export function isSecret(text: string): boolean {
  if (JWT.test(text)) return true;
  // The text itself, if it is a URL, and every URL within it, for instance of a command.
  const within = [...text.matchAll(/[a-z][a-z0-9+.-]*:\/\/[^\s'"<>]+/gi)].map(([found]) => found);
  const all = /^\s*[a-z][a-z0-9+.-]*:\/\//i.test(text) ? [text, ...within] : within;
  for (const found of all) {
    let url: URL;
    try {
      url = new URL(found);
    } catch {
      // A compact id (`drs://prefix:accession`) is no URL, and has no place for a secret.
      if (/[@?#]/.test(found)) return true;
      continue;
    }
    const isContainer = /^abfss?:$/i.test(url.protocol) && url.password === "";
    if ((url.username || url.password) && !isContainer) return true;
    if (url.hash.length > 1) return true;
    for (const pair of url.search.slice(1).split(/[&;]/)) {
      const [key = ""] = pair.split("=");
      if (pair !== "" && !PLAIN_KEYS.has(key.toLowerCase())) return true;
    }
  }
  return false;
}

/** What a link leaves out. */
export interface Shareable {
  body: JsonObject;
  dropped: string[];
}

/** `body` without what may be secret, and where that was. */
export function shareable(body: JsonObject): Shareable {
  const dropped: string[] = [];
  const clean = (value: Json, pointer: string): Json | undefined => {
    if (typeof value === "string") {
      if (!isSecret(value)) return value;
      dropped.push(pointer);
      return undefined;
    }
    if (Array.isArray(value)) {
      return value.map((item, index) => clean(item, `${pointer}/${index}`)).filter((item) => item !== undefined);
    }
    if (!isObject(value)) return value;
    const inTask = pointer.startsWith("/task");
    const entries: [string, Json][] = [];
    for (const [key, item] of Object.entries(value)) {
      if (item === undefined) continue;
      const inside = `${pointer}/${key}`;
      if (isSecret(key)) dropped.push(`${pointer}/…`);
      else if (inTask && SECRET_PARTS.has(key)) dropped.push(inside);
      else {
        const kept = clean(item, inside);
        if (kept !== undefined) entries.push([key, kept]);
      }
    }
    return Object.fromEntries(entries);
  };
  const entries: [string, Json][] = [];
  for (const [key, value] of Object.entries(body)) {
    if (value === undefined) continue;
    if (!SHARED.has(key)) dropped.push(isSecret(key) ? "/…" : `/${key}`);
    else {
      const kept = clean(value, `/${key}`);
      if (kept !== undefined) entries.push([key, kept]);
    }
  }
  return { body: Object.fromEntries(entries), dropped };
}

async function bytesOf(stream: ReadableStream<Uint8Array>, most: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.byteLength;
    if (length > most) {
      await reader.cancel();
      throw new RangeError("the request of the link is too large");
    }
    parts.push(value);
  }
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.byteLength;
  }
  return joined;
}

const through = (bytes: BlobPart, transform: GenericTransformStream): ReadableStream<Uint8Array> =>
  new Blob([bytes]).stream().pipeThrough(transform as ReadableWritablePair<Uint8Array, Uint8Array>);

async function pack(value: Json): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify(value));
  const packed = await bytesOf(through(text, new CompressionStream("deflate-raw")), MOST_BYTES);
  let binary = "";
  for (const byte of packed) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

async function unpack(text: string): Promise<unknown> {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const packed = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  const json = await bytesOf(through(packed, new DecompressionStream("deflate-raw")), MOST_BYTES);
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
}

/** `body` as a fragment, without `#`, with the places of what was left out of it. */
export async function toFragment(body: JsonObject, without: readonly string[] = []): Promise<string> {
  const named = without.slice(0, MOST_LEFT_OUT).map((pointer) => pointer.slice(0, LONGEST_POINTER));
  return `request=${await pack(body)}${named.length > 0 ? `&without=${await pack(named)}` : ""}`;
}

/**
 * The request of a fragment and what it lacks; `undefined` if it has none. Throws if it cannot be read, also if something
 * was lost of it or added to it on its way, as a full stop behind a link is.
 */
export async function fromFragment(fragment: string): Promise<{ body: JsonObject; without: string[] } | undefined> {
  if (!/^#?request=/.test(fragment)) return undefined;
  const match = /^#?request=([\w-]+)(?:&without=([\w-]+))?$/.exec(fragment);
  if (!match) throw new TypeError("the link is not as it was made");
  const body = await unpack(match[1] ?? "");
  if (!isObject(body)) throw new TypeError("the link has no request");
  const named = match[2] === undefined ? [] : await unpack(match[2]);
  const pointers = Array.isArray(named) ? named.filter((item) => typeof item === "string") : [];
  const without = pointers.filter((item) => /^\/./.test(item) && item.length <= LONGEST_POINTER).slice(0, MOST_LEFT_OUT);
  return { body, without };
}
