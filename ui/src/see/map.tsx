// Where everything is: TES and data, with a line for each source that the selected combination reads from.

import {
  type GeoPermissibleObjects,
  type GeoProjection,
  geoDistance,
  geoEqualEarth,
  geoGraticule10,
  geoPath,
} from "d3-geo";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import type { Combination, Place } from "../model/answer";
import { bytes, host, integer, middle, money, number, plural } from "../model/format";
import { answer, body, edit, hovered, ranked, select, selected, submit } from "../store";
import { colourOf, outline } from "./mark";
import { tesName } from "./names";
import { movesOf, priceClass, type Source, sourcesOf } from "./transfers";

interface Site {
  host: string;
  place: Place;
  /** The TES that are there, by their positions in the answer. */
  tes: number[];
  isSource: boolean;
}

type Land = typeof import("./land");

const isApproximate = (place: Place): boolean => place.approximate ?? place.source === "database";

function labelOf(name: string, { city, region, network, provider }: Place): string {
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
function projectionFor(places: Place[], width: number, height: number): GeoProjection {
  const ROOM = 9;
  const points = places.flatMap(({ longitude, latitude }) => [
    [longitude - ROOM, Math.max(-89, latitude - ROOM / 2)],
    [longitude + ROOM, Math.min(89, latitude + ROOM / 2)],
  ]);
  const projection = geoEqualEarth().rotate([-middleMeridian(places.map(({ longitude }) => longitude)), 0]);
  const object: GeoPermissibleObjects = points.length > 0 ? { type: "MultiPoint", coordinates: points } : { type: "Sphere" };
  const edge = 18;
  projection.fitExtent([[edge, edge], [width - edge, height - edge]], object);
  return projection.clipExtent([[-2, -2], [width + 2, height + 2]]);
}

/** The sites of the answer by host: each TES, each source of the selection, and all others. */
function sitesOf(places: Record<string, Place>, tesHosts: string[], sources: Source[]): Site[] {
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
function tesHostsOf(combinations: Combination[], tes: string[]): string[] {
  const known = new Map<number, string>();
  for (const { tes, raw } of combinations) {
    if (known.has(tes)) continue;
    const [transfer] = Object.values(raw.transfers ?? {});
    const [distance] = Object.values(raw.distances ?? {});
    const name = transfer?.to ?? distance?.to;
    if (name !== undefined) known.set(tes, name);
  }
  return tes.map((uri, index) => known.get(index) ?? host(uri));
}

export function SiteMap() {
  const data = answer.value;
  const current = selected.value;
  if (!data || !current) return null;
  const { places } = data.raw;
  return (
    <section class="panel map" aria-labelledby="map-title">
      <div class="panel-head">
        <h2 id="map-title">Where everything is</h2>
        {places && <p class="hint">Lines: what {tesName(current.tes)} would read.</p>}
      </div>
      {places ? (
        <Known places={places} current={current} />
      ) : (
        <p class="note">
          The answer has no places: it was asked without <code>explain</code>.{" "}
          <button
            type="button"
            onClick={() => {
              edit(["explain"], true);
              void submit();
            }}
          >
            Rank with places
          </button>
        </p>
      )}
    </section>
  );
}

function Known({ places, current }: { places: Record<string, Place>; current: Combination }) {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [land, setLand] = useState<Land | undefined>(undefined);
  const data = answer.value;
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    observer.observe(element);
    void import("./land").then(setLand);
    return () => observer.disconnect();
  }, []);
  const moves = useMemo(() => movesOf(current, body.value), [current]);
  const sources = useMemo(() => sourcesOf(moves), [moves]);
  const tesHosts = useMemo(() => tesHostsOf(data?.combinations ?? [], data?.tes ?? []), [data]);
  const sites = useMemo(() => sitesOf(places, tesHosts, sources), [places, tesHosts, sources]);
  const height = Math.round(Math.min(420, Math.max(240, width * 0.6)));
  // Copies that the selection does not read may be at the other end of the world.
  const [isWide, setIsWide] = useState(false);
  const extent = sites.filter(({ tes, isSource }) => isWide || tes.length > 0 || isSource);
  const key = extent.map(({ host }) => host).join(" ");
  const projection = useMemo(
    () => projectionFor(extent.map(({ place }) => place), width || 480, height),
    [places, key, width, height],
  );
  const isInside = ({ place: { longitude, latitude } }: Site): boolean => {
    const [x, y] = projection([longitude, latitude]) ?? [-1, -1];
    return x >= 0 && x <= width && y >= 0 && y <= height;
  };
  const hidden = [...new Set([...tesHosts, ...sources.map(({ from }) => from)])].filter((name) => !(name in places));
  const approximate = sites.filter(({ place, tes, isSource }) => isApproximate(place) && (tes.length > 0 || isSource));
  return (
    <>
      <div class="map-box" ref={frame} style={{ minHeight: `${height}px` }}>
        {width > 0 && (
          <Drawing
            {...{ width, height, projection, sources, current, tesHosts, places }}
            sites={sites.filter(isInside)}
            shapes={land}
          />
        )}
      </div>
      {(isWide || sites.length > extent.length) && (
        <label class="check wide">
          <input type="checkbox" checked={isWide} onChange={(event) => setIsWide(event.currentTarget.checked)} />
          all {integer(sites.length)} places, also of other copies
        </label>
      )}
      <MapLegend sources={sources} hasApproximate={approximate.length > 0} />
      {hidden.length > 0 && (
        <p class="note">Not on the map, since the place is unknown: {hidden.map((name) => middle(name, 60)).join(", ")}.</p>
      )}
      <Moves sources={sources} />
    </>
  );
}

interface DrawingProps {
  width: number;
  height: number;
  projection: GeoProjection;
  sites: Site[];
  sources: Source[];
  current: Combination;
  tesHosts: string[];
  places: Record<string, Place>;
  shapes: Land | undefined;
}

/** The widest line, in pixels. */
const WIDEST = 9;

function Drawing({ width, height, projection, sites, sources, current, tesHosts, places, shapes }: DrawingProps) {
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
  const highest = Math.max(...sources.map((source) => source.pricePerGb ?? 0), 0);
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
  // TES over data, and the selected one over all.
  const drawn = [...sites].sort((a, b) => weightOf(a, current) - weightOf(b, current));
  const labels = place(drawn, projection, width, height);
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
      {drawn.map((site) => <SiteMark key={site.host} {...{ site, current, projection }} />)}
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

const weightOf = (site: Site, current: Combination): number =>
  site.tes.includes(current.tes) ? 3 : site.tes.length > 0 ? 2 : site.isSource ? 1 : 0;

interface Label {
  site: Site;
  x: number;
  y: number;
  anchor: "start" | "end" | "middle";
  text: string;
}

/** The labels that fit: the most important first, beside, above or below of their marks. */
function place(sites: Site[], projection: GeoProjection, width: number, height: number): Label[] {
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
      : bestWith((one) => movesOf(one, body.value).some(({ from }) => from === plain));
  const choose = () => {
    const combination = best();
    if (combination) select(combination.index);
  };
  const what = tes !== undefined ? `TES ${site.tes.map(tesName).join(", ")}` : `Data at ${site.host}`;
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

const priceText = (perGb: number | undefined, currency = "EUR"): string | undefined =>
  perGb === undefined ? undefined : perGb === 0 ? "free" : `${money(perGb, currency)} per GB`;

const lineTitle = ({ from, moves, bytes: size, pricePerGb, priceCurrency }: Source): string =>
  [
    `${plural(moves.length, "object")} from ${from}`,
    size === undefined ? undefined : bytes(size),
    priceText(pricePerGb, priceCurrency),
  ]
    .filter(Boolean)
    .join(", ");

function MapLegend({ sources, hasApproximate }: { sources: Source[]; hasApproximate: boolean }) {
  const highest = Math.max(...sources.map((source) => source.pricePerGb ?? 0), 0);
  const currency = sources.find(({ priceCurrency }) => priceCurrency)?.priceCurrency ?? "EUR";
  const levels = new Set(sources.map(({ pricePerGb }) => priceClass(pricePerGb, highest)));
  const isPriced = sources.some(({ pricePerGb }) => pricePerGb !== undefined);
  const hasSizes = sources.some((source) => source.bytes !== undefined);
  return (
    <ul class="legend">
      <li><span class="key data-key" /> data</li>
      {isPriced && (
        <>
          {levels.has(0) && <li><span class="key line-key level-0" /> free</li>}
          {([1, 2, 3] as const)
            .filter((level) => levels.has(level))
            .map((level) => (
              <li key={level}>
                <span class={`key line-key level-${level}`} /> to {money((highest * level) / 3, currency)}/GB
              </li>
            ))}
        </>
      )}
      {sources.length > 0 && !isPriced && <li>The answer has no prices per GB: all lines have one colour.</li>}
      {sources.length > 0 && !hasSizes && <li>No sizes: all lines have one width.</li>}
      {hasApproximate && <li><span class="key approximate-key" /> ≈ place known to about 100 km</li>}
    </ul>
  );
}

/** What the lines show, as text. */
function Moves({ sources }: { sources: Source[] }) {
  const [most, setMost] = useState(5);
  if (sources.length === 0) return <p class="hint">There are no input objects to move.</p>;
  return (
    <ul class="moves">
      {sources.slice(0, most).map((source) => {
        const { moves, from, pricePerGb, priceCurrency, bytes: size } = source;
        const [first] = moves;
        const what = moves.length === 1 ? first?.id : plural(moves.length, "object");
        const details = [
          size === undefined ? undefined : `about ${bytes(size)}`,
          first?.km === undefined ? undefined : `${number(first.km, 0)} km`,
          priceText(pricePerGb, priceCurrency),
        ].filter(Boolean);
        return (
          <li key={from}>
            <strong>{middle(what ?? "", 40)}</strong> from {from}
            {details.length > 0 && <span class="muted"> · {details.join(" · ")}</span>}
          </li>
        );
      })}
      {sources.length > most && (
        <li>
          <button type="button" class="link" onClick={() => setMost(most + 50)}>
            {plural(sources.length - most, "more source")}
          </button>
        </li>
      )}
    </ul>
  );
}
