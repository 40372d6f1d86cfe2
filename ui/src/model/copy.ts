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

/** Properties of requests, which are parameters of the functions; they refuse all others. */
const OF_BOTH = ["tes_uris", "registries", "drs_uris", "mode", "limit", "explain"];
const PARAMETERS = {
  services: new Set([...OF_BOTH, "object_ids", "object_sizes", "resource_requirements"]),
  task: new Set([...OF_BOTH, "task", "execution_time_sec", "sizes"]),
};

export function asPython(call: Call): string {
  const { body, kind, token } = call;
  const name = kind === "task" ? "rank_tasks" : "rank_services";
  // But for the mode, null is the same as what is not there, and no value of a parameter.
  const entries = Object.entries(body).filter(([key, value]) => value !== undefined && (value !== null || key === "mode"));
  const parameters = PARAMETERS[kind === "task" ? "task" : "services"];
  const lines = entries
    .filter(([key]) => parameters.has(key))
    .map(([key, value]) => `    ${key}=${python(value, "    ")},\n`);
  if (token) lines.push('    jwt=os.environ["TESTRIBUTE_JWT"],\n');
  // The service passes over them, too. Quoted: a name may have line breaks.
  const left = entries.map(([key]) => key).filter((key) => !parameters.has(key));
  const note = left.length > 0 ? `# Left out, as ${name} does not take it: ${left.map((key) => JSON.stringify(key)).join(", ")}\n` : "";
  return `${missingNote(call)}${note}${token ? "import os\n\n" : ""}from testribute import ${name}

answer = ${name}(
${lines.join("")})
for combination in answer.to_dict()["service_combinations"]:
    print(combination["rank"], combination["access_uris"]["tes_uri"], combination["cost_estimate"]["amount"])
`;
}
