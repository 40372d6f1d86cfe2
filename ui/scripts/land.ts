// The module `virtual:land`: coastlines and borders of world-atlas, small enough for a page.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { quantize } from "topojson-client";
import { filter, filterWeight, presimplify, quantile, simplify } from "topojson-simplify";
import type { GeometryCollection, Topology } from "topojson-specification";
import type { Plugin } from "vite";

/** The share of points that stay. */
const KEPT = 0.3;
/** Steps of a coordinate: a tenth of a degree, which is a pixel where a continent fills the map. */
const STEPS = 4000;

type World = Topology<{ countries: GeometryCollection; land: GeometryCollection }>;

function topology(): World {
  const file = createRequire(import.meta.url).resolve("world-atlas/countries-50m.json");
  const full = presimplify(JSON.parse(readFileSync(file, "utf8")) as World);
  const weight = quantile(full, KEPT);
  const simple = simplify(full, weight);
  const world = filter(simple, filterWeight(simple, weight));
  delete world.bbox;
  for (const collection of Object.values(world.objects)) {
    for (const geometry of collection.geometries) {
      delete geometry.properties;
      delete geometry.id;
    }
  }
  return quantize(world, STEPS) as World;
}

export function land(): Plugin {
  const id = "virtual:land";
  return {
    name: "land",
    resolveId: (source) => (source === id ? `\0${id}` : undefined),
    // A string is parsed faster than an object literal.
    load: (source) =>
      source === `\0${id}` ? `export default JSON.parse(${JSON.stringify(JSON.stringify(topology()))});` : undefined,
  };
}
