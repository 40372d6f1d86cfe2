// Requests to start from, made of the services of the example that the service was configured with.

import type { JsonObject, Kind } from "../model/request";

export interface Example {
  name: string;
  kind: Kind;
  draft: JsonObject;
}

const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];

/** `id` at the DRS at `root` as a URI; those mean https, so elsewhere it stays an id, which is looked up at every DRS. */
function drsUri(root: string | undefined, id: string): string {
  if (id.includes("://") || !root?.startsWith("https://")) return id;
  try {
    return `drs://${new URL(root).host}/${encodeURIComponent(id)}`;
  } catch {
    return id;
  }
}

export function examplesOf(example: JsonObject, ranksTasks: boolean): Example[] {
  const given = { ...example, explain: true };
  const services = { tes_uris: example.tes_uris, drs_uris: example.drs_uris ?? [] };
  const [drs] = strings(example.drs_uris);
  const ids = strings(example.object_ids);
  const list: Example[] = [
    { name: "Two objects, two sites", kind: "resources", draft: given },
    {
      name: "No input objects",
      kind: "resources",
      draft: { ...given, object_ids: [] },
    },
    {
      name: "A long run on a large machine",
      kind: "resources",
      draft: {
        ...given,
        mode: 0.2,
        resource_requirements: {
          cpu_cores: 32, ram_gb: 128, disk_gb: 1000, execution_time_sec: 43_200, preemptible: false, zones: [],
        },
      },
    },
  ];
  if (ranksTasks) {
    list.push({
      name: "A TES task",
      kind: "task",
      draft: {
        ...services,
        mode: 0.5,
        explain: true,
        execution_time_sec: 1800,
        task: {
          name: "count-bases",
          resources: { cpu_cores: 2, ram_gb: 8, disk_gb: 50 },
          inputs: ids.map((id, index) => ({ url: drsUri(drs, id), path: `/data/input-${index + 1}` })),
          outputs: [],
          executors: [{ image: "debian:stable-slim", command: ["wc", "-c", "/data/input-1"] }],
        },
      },
    });
  }
  return list;
}
