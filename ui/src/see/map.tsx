// Where everything is: TES and data, with a line for each source that the selected combination reads from.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { submit } from "../calls";
import { type Combination, type HostPlace, located } from "../model/answer";
import { bytes, integer, middle, money, number, plural } from "../model/format";
import { readable } from "../model/readable";
import { answer, edit, selected } from "../store";
import { Drawing, type Land, priceText } from "./drawing";
import { placeLabels, unnamedTes } from "./labels";
import { Mark } from "./mark";
import { tesName } from "./names";
import { isApproximate, mapHeight, projectionFor, type Site, sitesOf, tesHostsOf } from "./projection";
import { highestPrice, movesOf, priceClass, type Source, sourcesOf } from "./transfers";

export function SiteMap() {
  const data = answer.value;
  const current = selected.value;
  if (!data || !current) return null;
  const { places } = data;
  return (
    <section class="panel map" aria-labelledby="map-title">
      <div class="panel-head">
        <h2 id="map-title">Where everything is</h2>
        {places && <p class="hint">Lines: what {tesName(current.tes)} would read.</p>}
      </div>
      {places ? <Known given={places} current={current} /> : <NoPlaces wereAsked={data.request.explain === true} />}
    </section>
  );
}

function NoPlaces({ wereAsked }: { wereAsked: boolean }) {
  if (wereAsked) return <p class="note">The answer has no places: the service tells none.</p>;
  return (
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
  );
}

function Known({ given, current }: { given: Record<string, HostPlace>; current: Combination }) {
  const places = useMemo(() => located(given), [given]);
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [land, setLand] = useState<Land | undefined>(undefined);
  const data = answer.value;
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    observer.observe(element);
    // Without it there are no countries, and all else.
    import("./land").then(setLand, () => undefined);
    return () => observer.disconnect();
  }, []);
  const moves = useMemo(() => movesOf(current, data?.request ?? {}), [current, data]);
  const sources = useMemo(() => sourcesOf(moves), [moves]);
  const highest = useMemo(() => (data ? highestPrice(data) : 0), [data]);
  const tesHosts = useMemo(() => tesHostsOf(data?.combinations ?? [], data?.tes ?? []), [data]);
  const sites = useMemo(() => sitesOf(places, tesHosts, sources), [places, tesHosts, sources]);
  // Copies that the selection does not read may be at the other end of the world.
  const [isWide, setIsWide] = useState(false);
  const extent = sites.filter(({ tes, isSource }) => isWide || tes.length > 0 || isSource);
  const key = extent.map(({ host }) => host).join(" ");
  const { height, projection } = useMemo(() => {
    const shown = extent.map(({ place }) => place);
    const height = mapHeight(shown, width || 480);
    return { height, projection: projectionFor(shown, width || 480, height) };
  }, [places, key, width]);
  const isInside = ({ place: { longitude, latitude } }: Site): boolean => {
    const [x, y] = projection([longitude, latitude]) ?? [-1, -1];
    return x >= 0 && x <= width && y >= 0 && y <= height;
  };
  const drawn = width > 0 ? inDrawingOrder(sites.filter(isInside), current) : [];
  const labels = placeLabels(drawn, projection, width, height);
  const hidden = [...new Set([...tesHosts, ...sources.map(({ from }) => from)])].filter((name) => !(name in places));
  const approximate = sites.filter(({ place, tes, isSource }) => isApproximate(place) && (tes.length > 0 || isSource));
  return (
    <>
      <div class="map-box" ref={frame} style={{ minHeight: `${height}px` }}>
        {width > 0 && (
          <Drawing
            {...{ width, height, projection, labels, sources, highest, current, tesHosts, places }}
            sites={drawn}
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
      <MapLegend
        sources={sources}
        highest={highest}
        hasApproximate={approximate.length > 0}
        unnamed={unnamedTes(drawn, labels)}
      />
      <Hidden hosts={hidden} />
      <Moves sources={sources} />
    </>
  );
}

/** Hosts whose place is unknown. */
function Hidden({ hosts }: { hosts: string[] }) {
  const [most, setMost] = useState(12);
  if (hosts.length === 0) return null;
  return (
    <p class="note">
      Not on the map, since the place is unknown: {hosts.slice(0, most).map((name) => middle(readable(name), 60)).join(", ")}
      {hosts.length > most && (
        <>
          {" "}
          and <button type="button" class="link" onClick={() => setMost(hosts.length)}>{integer(hosts.length - most)} more</button>
        </>
      )}
      .
    </p>
  );
}

/** TES over data, and the selected one over all. */
function inDrawingOrder(sites: Site[], current: Combination): Site[] {
  const weight = ({ tes, isSource }: Site) => (tes.includes(current.tes) ? 3 : tes.length > 0 ? 2 : isSource ? 1 : 0);
  return [...sites].sort((a, b) => weight(a) - weight(b));
}

/** The most TES without a label of their own that are named. */
const MOST_UNNAMED = 24;

interface LegendProps {
  sources: Source[];
  highest: number;
  hasApproximate: boolean;
  /** TES that the map shows and has no room to name. */
  unnamed: number[];
}

function MapLegend({ sources, highest, hasApproximate, unnamed }: LegendProps) {
  const currency = sources.find(({ priceCurrency }) => priceCurrency)?.priceCurrency ?? "EUR";
  const levels = new Set(sources.map(({ pricePerGb }) => priceClass(pricePerGb, highest)));
  const isPriced = sources.some(({ pricePerGb }) => pricePerGb !== undefined);
  const hasSizes = sources.some((source) => source.bytes !== undefined);
  return (
    <ul class="legend">
      {unnamed.slice(0, MOST_UNNAMED).map((tes) => (
        <li key={tes}><Mark tes={tes} /> <span class="name">{tesName(tes)}</span></li>
      ))}
      {unnamed.length > MOST_UNNAMED && <li>and {integer(unnamed.length - MOST_UNNAMED)} more</li>}
      <li><span class="key data-key" /> data</li>
      {isPriced && (
        <>
          {levels.has(0) && <li><span class="key line-key level-0" /> free</li>}
          {([1, 2, 3] as const)
            .filter((level) => levels.has(level))
            .map((level) => (
              <li key={level}>
                <span class={`key line-key level-${level}`} /> up to {money((highest * level) / 3, currency, "up")}/GB
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
        const { moves, from, pricePerGb, priceCurrency, bytes: size, isExact } = source;
        const [first] = moves;
        const what = moves.length === 1 ? first?.id : plural(moves.length, "object");
        const details = [
          size === undefined ? undefined : `${isExact ? "" : "about "}${bytes(size)}`,
          first?.km === undefined ? undefined : `${number(first.km, 0)} km`,
          priceText(pricePerGb, priceCurrency),
        ].filter(Boolean);
        return (
          <li key={from}>
            <strong>{middle(what ?? "", 40)}</strong> from {readable(from)}
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
