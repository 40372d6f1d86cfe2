// Calls of the service. All URLs are relative to the page, which may be behind a path of a proxy.

import type { ProblemEntry } from "./answer";
import { isObject, type JsonObject, type Kind, PATHS } from "./request";

export interface Settings {
  version: string;
  paths: string[];
  token: { header: string; prefix: string };
  limits: { combinations: number; tes_uris: number; drs_uris: number; object_ids: number };
  example: JsonObject;
}

/** The root of the service, with a slash at its end. */
export const root = (): string => new URL("./", document.baseURI).href;

export async function fetchSettings(): Promise<Settings> {
  const response = await fetch(new URL("page.json", root()));
  if (!response.ok) throw new Error(`status ${response.status}`);
  return (await response.json()) as Settings;
}

/** Why there is no answer. */
export type Failure =
  | { kind: "refused"; status: number; entries: ProblemEntry[]; requestId: string | null; retryAfter: number | undefined }
  | { kind: "unreadable"; status: number }
  | { kind: "unreachable"; offline: boolean };

export type Outcome = { body: unknown; milliseconds: number } | { failure: Failure };

/** Seconds of a `Retry-After`, which may also be a date. */
export function retryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const seconds = /^\d+$/.test(header.trim()) ? Number(header) : (Date.parse(header) - now) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(0, Math.ceil(seconds)), 3600) : undefined;
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
      const { header, prefix } = settings ?? { header: "Authorization", prefix: "Bearer" };
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

