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

/** Degrees around each place that are shown. */
const ROOM = 9;
/** Pixels around all places. */
const EDGE = 18;

const pointsOf = (places: Place[]): GeoPermissibleObjects => ({
  type: "MultiPoint",
  coordinates: places.flatMap(({ longitude, latitude }) => [
    [longitude - ROOM, Math.max(-89, latitude - ROOM / 2)],
    [longitude + ROOM, Math.min(89, latitude + ROOM / 2)],
  ]),
});

function fitted(places: Place[], width: number, height: number): GeoProjection {
  const object: GeoPermissibleObjects = places.length > 0 ? pointsOf(places) : { type: "Sphere" };
  return geoEqualEarth()
    .rotate([-middleMeridian(places.map(({ longitude }) => longitude)), 0])
    .fitExtent([[EDGE, EDGE], [width - EDGE, height - EDGE]], object);
}

const between = (least: number, value: number, most: number): number => Math.round(Math.min(most, Math.max(least, value)));

/** How high a map of `places` is: places that lie side by side need less. */
export function mapHeight(places: Place[], width: number): number {
  const most = between(250, width * 0.74, 440);
  if (places.length === 0) return most;
  const [[, top], [, bottom]] = geoPath(fitted(places, width, most)).bounds(pointsOf(places));
  return between(between(220, width * 0.56, 340), bottom - top + 2 * EDGE, most);
}

/** Shows all `places`, and at least some 20 degrees around each. */
export function projectionFor(places: Place[], width: number, height: number): GeoProjection {
  const projection = fitted(places, width, height);
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
