// The request as a line of the console script. Its options are those of `src/cli/rank_args.rs`.

import { type Call, missingNote, shellWord } from "./copy";
import { isObject, type Json, type JsonObject } from "./request";

/** Options by property: one for each item of a list, */
const ITEMS: Record<string, string> = {
  tes_uris: "tes-uri",
  registries: "registry",
  drs_uris: "drs-uri",
  object_ids: "object-id",
  zones: "zone",
};
/** one for each size, as NAME=BYTES, */
const SIZES: Record<string, string> = { object_sizes: "object-size", sizes: "size" };
/** and one for the value. */
const VALUES: Record<string, string> = {
  cpu_cores: "cpu-cores",
  ram_gb: "ram-gb",
  disk_gb: "disk-gb",
  execution_time_sec: "execution-time-sec",
  mode: "mode",
  limit: "limit",
};

const known = (options: Record<string, string>, key: string): string | undefined =>
  Object.hasOwn(options, key) ? options[key] : undefined;

function option(name: string, value: Json | undefined): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  // A value with a dash at its start would be taken for an option.
  return text.startsWith("-") ? shellWord(`--${name}=${text}`) : `--${name} ${shellWord(text)}`;
}

/** The options for the property `key`; `undefined` if there is none for it. */
function optionsFor(key: string, value: Json): string[] | undefined {
  const [item, size, single] = [known(ITEMS, key), known(SIZES, key), known(VALUES, key)];
  if (item && Array.isArray(value)) return value.map((one) => option(item, one));
  if (size && isObject(value)) {
    return Object.entries(value).map(([name, bytes]) => option(size, `${name}=${String(bytes)}`));
  }
  if (single) return [option(single, value)];
  if (key === "task") return [option("task", "task.json")];
  if (key === "explain" && typeof value === "boolean") return value ? ["--explain"] : [];
  if (key === "preemptible" && typeof value === "boolean") return [value ? "--preemptible" : "--no-preemptible"];
  return undefined;
}

/** All options, and the paths of the properties without one. */
function optionsOf(body: JsonObject, path = ""): { options: string[]; left: string[] } {
  const options: string[] = [];
  const left: string[] = [];
  for (const [key, value] of Object.entries(body)) {
    // The same as what is not there.
    if (value === undefined || value === null) continue;
    if (path === "" && key === "resource_requirements" && isObject(value)) {
      const inner = optionsOf(value, `${key}.`);
      options.push(...inner.options);
      left.push(...inner.left);
      continue;
    }
    const found = optionsFor(key, value);
    if (found) options.push(...found);
    else left.push(`${path}${key}`);
  }
  return { options, left };
}

export function asCommand(call: Call): string {
  const { body, kind } = call;
  const { options, left } = optionsOf(kind === "task" ? { task: {}, ...body } : body);
  const note = left.length > 0 ? `# Without an option: ${left.map((key) => JSON.stringify(key)).join(", ")}\n` : "";
  const task = kind === "task" ? `cat > task.json <<'JSON'\n${JSON.stringify(body.task ?? {}, null, 2)}\nJSON\n` : "";
  return `${missingNote(call)}${note}${task}${["testribute --output table", ...options].join(" \\\n    ")}`;
}
