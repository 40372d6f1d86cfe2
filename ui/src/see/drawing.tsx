// The drawing of the map: countries, what is moved, sites and their labels.

import { type GeoProjection, geoDistance, geoGraticule10, geoPath } from "d3-geo";
import { useMemo } from "preact/hooks";

import type { Combination, Place } from "../model/answer";
import { bytes, money, plural } from "../model/format";
import { readable } from "../model/readable";
import { answer, hovered, ranked, select } from "../store";
import type { Label } from "./labels";
import { colourOf, outline } from "./mark";
import { tesName } from "./names";
import { isApproximate, labelOf, type Site } from "./projection";
import { movesOf, priceClass, type Source } from "./transfers";

export type Land = typeof import("./land");

interface DrawingProps {
  width: number;
  height: number;
  projection: GeoProjection;
  /** In the order in which they are drawn. */
  sites: Site[];
  labels: Label[];
  sources: Source[];
  /** The price per GB that the colours are relative to. */
  highest: number;
  current: Combination;
  tesHosts: string[];
  places: Record<string, Place>;
  shapes: Land | undefined;
}

/** The widest line, in pixels. */
const WIDEST = 9;

export function Drawing({ width, height, projection, sites, labels, sources, highest, current, tesHosts, places, shapes }: DrawingProps) {
  const path = useMemo(() => geoPath(projection), [projection]);
  const base = useMemo(
    () => ({
      graticule: path(geoGraticule10()) ?? "",
      land: shapes ? (path(shapes.land) ?? "") : "",
      borders: shapes ? (path(shapes.borders) ?? "") : "",
    }),
    [path, shapes],
  );
  const to = places[tesHosts[current.tes] ?? ""];
  const most = Math.max(...sources.map((source) => source.bytes ?? 0), 1);
  const lines = sources.flatMap((source) => {
    const from = places[source.from];
    if (!from || !to) return [];
    const ends: [number, number][] = [[from.longitude, from.latitude], [to.longitude, to.latitude]];
    const [start, end] = ends;
    if (!start || !end || geoDistance(start, end) < 1e-4) return [];
    const d = path({ type: "LineString", coordinates: ends }) ?? "";
    const share = source.bytes === undefined ? 0.05 : source.bytes / most;
    const level = priceClass(source.pricePerGb, highest);
    return [{ source, d, width: Math.max(1.5, WIDEST * Math.sqrt(share)), level }];
  });
  return (
    <svg width={width} height={height} role="group" aria-label="Map of TES and data">
      <g aria-hidden="true">
        <path class="graticule" d={base.graticule} />
        <path class="land" d={base.land} />
        <path class="borders" d={base.borders} />
        {lines.map(({ source, d, width, level }) => (
          <path key={source.from} class={`move level-${level ?? "unknown"}`} d={d} stroke-width={width}>
            <title>{lineTitle(source)}</title>
          </path>
        ))}
      </g>
      {sites.map((site) => <SiteMark key={site.host} {...{ site, current, projection }} />)}
      <g aria-hidden="true">
        {labels.map(({ site, x, y, anchor, text }) => (
          <text key={site.host} class={`site-label ${site.tes.length > 0 ? "of-tes" : ""}`} x={x} y={y} text-anchor={anchor}>
            {text}
          </text>
        ))}
      </g>
    </svg>
  );
}

/** The best combination with something, as the ranking is now. */
const bestWith = (test: (combination: Combination) => boolean): Combination | undefined =>
  ranked.value?.order.find(test);

interface SiteMarkProps {
  site: Site;
  current: Combination;
  projection: GeoProjection;
}

function SiteMark({ site, current, projection }: SiteMarkProps) {
  const point = projection([site.place.longitude, site.place.latitude]);
  if (!point) return null;
  const [tes] = site.tes;
  const isSelected = tes !== undefined && site.tes.includes(current.tes);
  const plain = site.host.replace(/ #\d+$/, "");
  const best = () =>
    tes !== undefined
      ? bestWith((one) => site.tes.includes(one.tes))
      : bestWith((one) => movesOf(one, answer.value?.request ?? {}).some(({ from }) => from === plain));
  const choose = () => {
    const combination = best();
    if (combination) select(combination.index);
  };
  const what = tes !== undefined ? `TES ${site.tes.map(tesName).join(", ")}` : `Data at ${readable(site.host)}`;
  const state = isSelected ? ", selected" : tes === undefined && site.isSource ? ", read by the selection" : "";
  const name = `${what}, ${labelOf("", site.place).replace(/^, /, "") || "place known"}${isApproximate(site.place) ? ", approximate place" : ""}${state}`;
  const isHovered = tes !== undefined && hovered.value !== undefined &&
    site.tes.includes(answer.value?.combinations[hovered.value]?.tes ?? -1);
  return (
    <g
      class={`site ${tes === undefined ? (site.isSource ? "source" : "other") : "tes"} ${isSelected ? "selected" : ""}`}
      transform={`translate(${point[0]},${point[1]})`}
      role="button"
      tabindex={0}
      aria-label={name}
      aria-pressed={isSelected || (tes === undefined && site.isSource)}
      data-host={site.host}
      onClick={choose}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        choose();
      }}
      onPointerEnter={() => {
        if (tes !== undefined) hovered.value = best()?.index;
      }}
      onPointerLeave={() => (hovered.value = undefined)}
    >
      <title>{name}</title>
      <circle class="target" r="13" />
      {isApproximate(site.place) && <circle class="approximate" r="12" />}
      {(isSelected || isHovered) && <circle class={isSelected ? "ring" : "halo"} r="11" />}
      {tes !== undefined ? (
        <path d={outline(tes, 110)} fill={colourOf(tes)} />
      ) : (
        <rect x="-4" y="-4" width="8" height="8" />
      )}
    </g>
  );
}

export const priceText = (perGb: number | undefined, currency = "EUR"): string | undefined =>
  perGb === undefined ? undefined : perGb === 0 ? "free" : `${money(perGb, currency)} per GB`;

const lineTitle = ({ from, moves, bytes: size, pricePerGb, priceCurrency }: Source): string =>
  [
    `${plural(moves.length, "object")} from ${readable(from)}`,
    size === undefined ? undefined : bytes(size),
    priceText(pricePerGb, priceCurrency),
  ]
    .filter(Boolean)
    .join(", ");
