// Calls of the service. All URLs are relative to the page, which may be behind a path of a proxy.

import type { ProblemEntry } from "./answer";
import { numberOf, property, textOf, textsOf } from "./read";
import { isObject, type JsonObject, type Kind, PATHS } from "./request";

export interface Settings {
  version: string;
  paths: string[];
  token: { header: string; prefix: string };
  mostCombinations: number | undefined;
  example: JsonObject;
}

export const DEFAULT_TOKEN: Settings["token"] = { header: "Authorization", prefix: "Bearer" };

/** The root of the service, with a slash at its end. */
export const root = (): string => new URL("./", document.baseURI).href;

/** What the service says of itself; what it does not say is as in a service that is configured with nothing. */
export async function fetchSettings(): Promise<Settings> {
  const response = await fetch(new URL("page.json", root()));
  if (!response.ok) throw new Error(`status ${response.status}`);
  const told: unknown = await response.json();
  const version = textOf(property(told, "version"));
  // Something else that answers, such as a login page.
  if (version === undefined) throw new TypeError("not the settings of the page");
  const token = property(told, "token");
  const example = property(told, "example");
  return {
    version,
    paths: textsOf(property(told, "paths")),
    token: {
      header: textOf(property(token, "header")) ?? DEFAULT_TOKEN.header,
      prefix: textOf(property(token, "prefix")) ?? DEFAULT_TOKEN.prefix,
    },
    mostCombinations: numberOf(property(property(told, "limits"), "combinations")),
    example: isObject(example) ? example : {},
  };
}

/** Why there is no answer. */
export type Failure =
  | { kind: "refused"; status: number; entries: ProblemEntry[]; requestId: string | null; retryAfter: number | undefined }
  | { kind: "unreadable"; status: number }
  | { kind: "unreachable"; offline: boolean };

export type Outcome = { body: unknown; milliseconds: number } | { failure: Failure };

/** The longest time that is waited before another try, in seconds: other figures are none that is meant. */
const LONGEST_RETRY = 7 * 86_400;

/** Seconds of a `Retry-After`, which may also be a date. */
export function retryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const seconds = /^\d+$/.test(header.trim()) ? Number(header) : (Date.parse(header) - now) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(0, Math.ceil(seconds)), LONGEST_RETRY) : undefined;
}

/** The errors of the service's own error body, or one that has the status if another server answered. */
function entriesOf(body: unknown, response: Response): ProblemEntry[] {
  const errors = isObject(body) && Array.isArray(body.errors) ? body.errors : [];
  const entries = errors.filter(isObject).map(({ reason, message }) => ({
    reason: String(reason),
    message: Array.isArray(message) ? message.map(String) : [String(message)],
  }));
  const other = `The answer has status ${response.status} and is not from the service.`;
  return entries.length > 0 ? entries : [{ reason: response.statusText || "Error", message: [other] }];
}

/** Asks for a ranking. Rejects only if `signal` is aborted. */
export async function ask(
  kind: Kind,
  body: JsonObject,
  token: string,
  settings: Settings["token"] | undefined,
  signal: AbortSignal,
): Promise<Outcome> {
  const started = performance.now();
  let response: Response;
  try {
    const headers: Record<string, string> = { "Content-Type": "application/json" };
    if (token) {
      const { header, prefix } = settings ?? DEFAULT_TOKEN;
      headers[header] = `${prefix} ${token}`;
    }
    response = await fetch(new URL(PATHS[kind].slice(1), root()), {
      method: "POST",
      headers,
      body: JSON.stringify(body),
      signal,
      credentials: "omit",
      redirect: "error",
      cache: "no-store",
    });
  } catch (error) {
    if (signal.aborted) throw error;
    return { failure: { kind: "unreachable", offline: !navigator.onLine } };
  }
  let answer: unknown;
  try {
    answer = await response.json();
  } catch (error) {
    if (signal.aborted) throw error;
    if (response.ok) return { failure: { kind: "unreadable", status: response.status } };
  }
  if (!response.ok) {
    return {
      failure: {
        kind: "refused",
        status: response.status,
        entries: entriesOf(answer, response),
        requestId: response.headers.get("X-Request-Id"),
        retryAfter: retryAfter(response.headers.get("Retry-After"), Date.now()),
      },
    };
  }
  return { body: answer, milliseconds: performance.now() - started };
}

