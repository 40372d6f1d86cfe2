// Coastlines and borders (Natural Earth), simplified when the page is built.

import { feature, mesh } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";

import topology from "virtual:land";

const world = topology as unknown as Topology<{ countries: GeometryCollection; land: GeometryCollection }>;

export const land = feature(world, world.objects.land);
export const borders = mesh(world, world.objects.countries, (a, b) => a !== b);
