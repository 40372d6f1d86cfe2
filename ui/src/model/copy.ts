// The request as something to run elsewhere. A token is never copied: each reads it from TESTRIBUTE_JWT.

import { type Json, type JsonObject, type Kind, PATHS } from "./request";

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** `text` as one word of a POSIX shell. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : quoted(text);

export interface Call {
  body: JsonObject;
  kind: Kind;
  /** The places of what the link that the request is from left out. */
  missing: readonly string[];
  /** The root of the service, with a slash at its end. */
  root: string;
  token: { header: string; prefix: string } | undefined;
}

/** A comment, for shell and Python, that tells of a request that is not whole. */
export const missingNote = ({ missing }: Call): string =>
  missing.length === 0 ? "" : `# The link left out ${missing.map((pointer) => JSON.stringify(pointer)).join(", ")}.\n`;

export function asCurl(call: Call): string {
  const { body, kind, root, token } = call;
  const lines = [`curl --silent --show-error ${shellWord(new URL(PATHS[kind].slice(1), root).href)}`];
  lines.push("--header 'Content-Type: application/json'");
  if (token) lines.push(`--header "${token.header}: ${token.prefix} $TESTRIBUTE_JWT"`);
  // Not --data: that would read a file if the text began with @, and cut line breaks.
  lines.push(`--data-raw ${quoted(JSON.stringify(body, null, 2))}`);
  return missingNote(call) + lines.join(" \\\n    ");
}

/** Where a task is posted to the TES at `tesUri`, which may be the root of its API, of its host, or the list of tasks. */
export function tasksUrl(tesUri: string): string {
  let url: URL;
  try {
    url = new URL(tesUri);
  } catch {
    return tesUri;
  }
  const path = url.pathname.replace(/\/+$/, "").replace(/\/tasks$/, "");
  // The standard path, where there is none to go by.
  url.pathname = `${path === "" ? "/ga4gh/tes/v1" : path}/tasks`;
  return url.href;
}

/** A line that posts `task`. */
export function asTaskCurl(task: JsonObject, tesUri: string, hasToken: boolean): string {
  const lines = [`curl --silent --show-error --url ${shellWord(tasksUrl(tesUri))}`, "--header 'Content-Type: application/json'"];
  if (hasToken) lines.push('--header "Authorization: Bearer $TESTRIBUTE_JWT"');
  lines.push(`--data-raw ${quoted(JSON.stringify(task, null, 2))}`);
  return lines.join(" \\\n    ");
}

/** `value` as an expression of Python: JSON but for three names, indented like it. */
function python(value: Json | undefined, indent: string): string {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value !== "object") return JSON.stringify(value);
  const inner = `${indent}    `;
  const isList = Array.isArray(value);
  const items = isList
    ? value.map((item) => python(item, inner))
    : Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${python(item, inner)}`);
  const [open, close] = isList ? "[]" : "{}";
  const line = `${open}${items.join(", ")}${close}`;
  if (line.length + indent.length <= 96 && !line.includes("\n")) return line;
  return `${open}\n${items.map((item) => `${inner}${item},\n`).join("")}${indent}${close}`;
}

/** Properties of requests, which are parameters of the functions; others are passed on by them. */
const PARAMETERS = new Set([
  "tes_uris", "registries", "drs_uris", "object_ids", "object_sizes", "resource_requirements", "mode", "limit", "explain",
  "task", "execution_time_sec", "sizes",
]);
/** Parameters of the functions that are no properties of requests. */
const OTHER_PARAMETERS = new Set(["jwt", "timeout", "config", "warn"]);

export function asPython(call: Call): string {
  const { body, kind, token } = call;
  const name = kind === "task" ? "rank_tasks" : "rank_services";
  // But for the mode, null is the same as what is not there, and no value of a parameter.
  const entries = Object.entries(body).filter(([key, value]) => value !== undefined && (value !== null || key === "mode"));
  const lines = entries
    .filter(([key]) => PARAMETERS.has(key))
    .map(([key, value]) => `    ${key}=${python(value, "    ")},\n`);
  const more = entries.filter(([key]) => !PARAMETERS.has(key) && !OTHER_PARAMETERS.has(key));
  if (more.length > 0) lines.push(`    **${python(Object.fromEntries(more), "    ")},\n`);
  if (token) lines.push('    jwt=os.environ["TESTRIBUTE_JWT"],\n');
  const left = entries.map(([key]) => key).filter((key) => OTHER_PARAMETERS.has(key));
  const note = left.length > 0 ? `# Not a property of a request: ${left.join(", ")}\n` : "";
  return `${missingNote(call)}${note}${token ? "import os\n\n" : ""}from testribute import ${name}

answer = ${name}(
${lines.join("")})
for combination in answer.to_dict()["service_combinations"]:
    print(combination["rank"], combination["access_uris"]["tes_uri"], combination["cost_estimate"]["amount"])
`;
}
