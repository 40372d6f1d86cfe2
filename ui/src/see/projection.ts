// Which sites the map shows, and how they come onto the plane.

import { type GeoPermissibleObjects, type GeoProjection, geoEqualEarth, geoPath } from "d3-geo";

import type { Combination, Place } from "../model/answer";
import { host, middle } from "../model/format";
import { property, textOf } from "../model/read";
import { isObject } from "../model/request";
import { hostOf, type Source } from "./transfers";

export interface Site {
  host: string;
  place: Place;
  /** The TES that are there, by their positions in the answer. */
  tes: number[];
  isSource: boolean;
}

export const isApproximate = (place: Place): boolean => place.approximate ?? place.source === "database";

export function labelOf(name: string, { city, region, network, provider }: Place): string {
  const where = city ?? region ?? network ?? provider;
  return where ? `${middle(name, 30)}, ${where}` : middle(name, 34);
}

/** The meridian in the middle of the shortest arc that has all of `longitudes`. */
export function middleMeridian(longitudes: readonly number[]): number {
  const sorted = [...new Set(longitudes)].sort((a, b) => a - b);
  const [first = 0] = sorted;
  let widest = { gap: -1, after: first };
  sorted.forEach((longitude, index) => {
    const next = sorted[index + 1] ?? first + 360;
    if (next - longitude > widest.gap) widest = { gap: next - longitude, after: longitude };
  });
  const middle = widest.after + widest.gap / 2 + 180;
  return ((middle + 540) % 360) - 180;
}

/** Shows all `places`, and at least some 20 degrees around each. */
export function projectionFor(places: Place[], width: number, height: number): GeoProjection {
  const ROOM = 9;
  const points = places.flatMap(({ longitude, latitude }) => [
    [longitude - ROOM, Math.max(-89, latitude - ROOM / 2)],
    [longitude + ROOM, Math.min(89, latitude + ROOM / 2)],
  ]);
  const projection = geoEqualEarth().rotate([-middleMeridian(places.map(({ longitude }) => longitude)), 0]);
  const object: GeoPermissibleObjects = points.length > 0 ? { type: "MultiPoint", coordinates: points } : { type: "Sphere" };
  const edge = 18;
  projection.fitExtent([[edge, edge], [width - edge, height - edge]], object);
  // Where the earth ends within the map, as beyond a pole, it moves up or down as far as there is more of it.
  const [[, top], [, bottom]] = geoPath(projection).bounds({ type: "Sphere" });
  const [x, y] = projection.translate();
  const up = Math.max(0, Math.min(top, bottom - height));
  const down = Math.max(0, Math.min(height - bottom, -top));
  projection.translate([x, y - up + down]);
  return projection.clipExtent([[-2, -2], [width + 2, height + 2]]);
}

/** The sites of the answer by host: each TES, each source of the selection, and all others. */
export function sitesOf(places: Record<string, Place>, tesHosts: string[], sources: Source[]): Site[] {
  return Object.entries(places).map(([name, place]) => {
    const plain = name.replace(/ #\d+$/, "");
    return {
      host: name,
      place,
      tes: tesHosts.flatMap((host, tes) => (host === plain ? [tes] : [])),
      isSource: sources.some(({ from }) => from === plain),
    };
  });
}

/** The host of each TES of the answer, as `places` names it. */
export function tesHostsOf(combinations: Combination[], tes: string[]): string[] {
  const known = new Map<number, string>();
  for (const { tes, transfers, distances } of combinations) {
    if (known.has(tes)) continue;
    const [transfer] = Object.values(isObject(transfers) ? transfers : {});
    const [distance] = Object.values(isObject(distances) ? distances : {});
    const name = textOf(property(distance, "to")) ?? hostOf(textOf(property(transfer, "to")));
    if (name !== undefined) known.set(tes, name);
  }
  return tes.map((uri, index) => known.get(index) ?? host(uri));
}
