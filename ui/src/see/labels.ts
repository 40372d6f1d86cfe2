// The labels of the map that fit, in the order of their importance.

import type { GeoProjection } from "d3-geo";

import { middle } from "../model/format";
import { readable } from "../model/readable";
import { tesName } from "./names";
import { isApproximate, type Site } from "./projection";
import { widthOf } from "./width";

export interface Label {
  site: Site;
  x: number;
  y: number;
  anchor: "start" | "end" | "middle";
  text: string;
  /** Whether it is shortened. */
  isCut: boolean;
}

/** The labels that fit: the most important first, beside, above or below of their marks. */
export function placeLabels(sites: Site[], projection: GeoProjection, width: number, height: number): Label[] {
  const MOST = 14;
  const boxes: [number, number, number, number][] = [];
  // The selected TES.
  const drawnLast = sites[sites.length - 1];
  for (const site of sites) {
    const { place } = site;
    const [x, y] = projection([place.longitude, place.latitude]) ?? [0, 0];
    // As large as a mark with its ring.
    const half = site === drawnLast ? 12 : 7;
    boxes.push([x - half, y - half, x + half, y + half]);
  }
  const free = (box: [number, number, number, number]) =>
    box[0] >= 2 && box[2] <= width - 2 && box[1] >= 2 && box[3] <= height - 2 &&
    boxes.every((other) => box[2] < other[0] || box[0] > other[2] || box[3] < other[1] || box[1] > other[3]);
  const labels: Label[] = [];
  for (const site of [...sites].reverse()) {
    if (labels.length >= MOST) break;
    if (site.tes.length === 0 && !site.isSource) continue;
    const point = projection([site.place.longitude, site.place.latitude]);
    if (!point) continue;
    const [x, y] = point;
    const approximately = isApproximate(site.place) ? "≈ " : "";
    const whole = site.tes.length > 0 ? site.tes.map(tesName).join(", ") : readable(site.host);
    const name = middle(whole, 30);
    const text = approximately + name;
    const length = widthOf(text, site.tes.length > 0 ? 650 : 400);
    const tries: [number, number, Label["anchor"], [number, number, number, number]][] = [
      [x + 16, y + 4, "start", [x + 14, y - 8, x + 18 + length, y + 8]],
      [x - 16, y + 4, "end", [x - 18 - length, y - 8, x - 14, y + 8]],
      [x, y - 16, "middle", [x - length / 2 - 2, y - 29, x + length / 2 + 2, y - 13]],
      [x, y + 25, "middle", [x - length / 2 - 2, y + 13, x + length / 2 + 2, y + 29]],
      [x + 10, y - 14, "start", [x + 8, y - 27, x + 12 + length, y - 13]],
      [x - 10, y - 14, "end", [x - 12 - length, y - 27, x - 8, y - 13]],
      [x + 10, y + 23, "start", [x + 8, y + 13, x + 12 + length, y + 27]],
      [x - 10, y + 23, "end", [x - 12 - length, y + 13, x - 8, y + 27]],
    ];
    const found = tries.find(([, , , box]) => free(box));
    if (!found) continue;
    const [labelX, labelY, anchor, box] = found;
    boxes.push(box);
    labels.push({ site, x: labelX, y: labelY, anchor, text, isCut: name !== whole });
  }
  return labels;
}

/** The TES of `sites` that no label names in full, in their order. */
export function unnamedTes(sites: Site[], labels: Label[]): number[] {
  const named = new Set(labels.filter(({ isCut }) => !isCut).map(({ site }) => site));
  return sites.flatMap((site) => (named.has(site) ? [] : site.tes)).sort((a, b) => a - b);
}
