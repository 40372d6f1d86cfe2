// The labels of the map that fit, in the order of their importance.

import type { GeoProjection } from "d3-geo";

import { middle } from "../model/format";
import { tesName } from "./names";
import { isApproximate, type Site } from "./projection";

export interface Label {
  site: Site;
  x: number;
  y: number;
  anchor: "start" | "end" | "middle";
  text: string;
}

/** The labels that fit: the most important first, beside, above or below of their marks. */
export function placeLabels(sites: Site[], projection: GeoProjection, width: number, height: number): Label[] {
  const MOST = 14;
  const boxes: [number, number, number, number][] = [];
  for (const { place } of sites) {
    const [x, y] = projection([place.longitude, place.latitude]) ?? [0, 0];
    boxes.push([x - 6, y - 6, x + 6, y + 6]);
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
    const name = site.tes.length > 0 ? site.tes.map(tesName).join(", ") : middle(site.host, 28);
    const text = approximately + name;
    const length = text.length * 6.3;
    const tries: [number, number, Label["anchor"], [number, number, number, number]][] = [
      [x + 15, y + 4, "start", [x + 9, y - 8, x + 16 + length, y + 8]],
      [x - 15, y + 4, "end", [x - 16 - length, y - 8, x - 9, y + 8]],
      [x, y - 12, "middle", [x - length / 2, y - 26, x + length / 2, y - 9]],
      [x, y + 21, "middle", [x - length / 2, y + 9, x + length / 2, y + 26]],
      [x + 9, y - 11, "start", [x + 8, y - 24, x + 10 + length, y - 8]],
      [x - 9, y + 20, "end", [x - 10 - length, y + 8, x - 8, y + 24]],
    ];
    const found = tries.find(([, , , box]) => free(box));
    if (!found) continue;
    const [labelX, labelY, anchor, box] = found;
    boxes.push(box);
    labels.push({ site, x: labelX, y: labelY, anchor, text });
  }
  return labels;
}
