// Cost against time, with what is under the pointer or the focus.

import { effect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";

import type { Combination } from "../model/answer";
import { duration, integer, money } from "../model/format";
import { answer, hovered, onlyTes, ranked, rankedWeight, select, selected } from "../store";
import type { Chart, ChartState } from "./chart";
import { Mark } from "./mark";
import { tesName, tesNames } from "./names";

/** The most TES that the legend names; all are in the table. */
const MOST_NAMES = 24;

/** Eight by five, but not higher than half a screen and not flatter than what can be read. */
const heightFor = (width: number): number => Math.round(Math.min(440, Math.max(260, width * 0.62)));

function labelOf({ tes, cost, seconds, isPareto }: Combination, currency: string): string {
  const pareto = isPareto ? ", Pareto optimal" : "";
  return `${tesName(tes)}, ${money(cost, currency)}, ${duration(seconds)}${pareto}`;
}

export function Tradeoff() {
  const frame = useRef<HTMLDivElement>(null);
  const chart = useRef<Chart | undefined>(undefined);
  const [width, setWidth] = useState(0);
  const [, setDrawn] = useState(0);
  const [isLost, setIsLost] = useState(false);
  const data = answer.value;

  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const update = () => {
    const state: ChartState = {
      weight: rankedWeight.value,
      // Of a random order none is.
      best: rankedWeight.value === "random" ? undefined : ranked.value?.order[0]?.index,
      selected: selected.value?.index,
      hovered: hovered.value,
      onlyTes: onlyTes.value,
      ranks: ranked.value?.ranks ?? [],
    };
    // The chart of the last answer stays until the next one is drawn, and its dots are not those of this answer.
    if (chart.current?.answer === answer.value) chart.current?.update(state);
  };

  useEffect(() => {
    if (!data || width === 0) return;
    let isCurrent = true;
    const draw = ({ Chart }: typeof import("./chart")) => {
      const element = frame.current;
      if (!isCurrent || !element) return;
      const next = new Chart(
        data,
        width,
        heightFor(width),
        { onHover: (index) => (hovered.value = index), onSelect: select },
        selected.value?.index ?? 0,
        data.combinations.map((one) => labelOf(one, data.currency)),
      );
      const focused = chart.current?.answer === data ? chart.current.focusedDot() : undefined;
      chart.current = next;
      // Before it is on the page: no dot may stand there without its name.
      update();
      element.replaceChildren(next.element);
      if (focused !== undefined) next.focus(focused);
      setDrawn((count) => count + 1);
    };
    // The file is gone if the service was brought up to date since the page was opened.
    import("./chart").then(draw, () => isCurrent && setIsLost(true));
    return () => {
      isCurrent = false;
    };
  }, [data, width]);

  // At once and not with the next frame: names and ranks of the dots are those of the table at any time.
  useEffect(() => effect(update), []);

  return (
    <section class="panel tradeoff" aria-labelledby="tradeoff-title">
      <div class="panel-head">
        <h2 id="tradeoff-title">Cost against time</h2>
        <p class="hint">Lower left is better.</p>
      </div>
      {isLost && (
        <p class="note error" role="alert">
          The chart could not be loaded. Reload the page: the request is in its address.
        </p>
      )}
      <div class="chart-box">
        <div class="chart" ref={frame} style={{ minHeight: `${heightFor(width || 480)}px` }} />
        <Tip chart={chart.current} />
      </div>
      <ul class="legend">
        {tesNames.value.slice(0, MOST_NAMES).map((name, tes) => (
          <li key={name}><Mark tes={tes} /> <span class="name">{name}</span></li>
        ))}
        {tesNames.value.length > MOST_NAMES && <li>and {integer(tesNames.value.length - MOST_NAMES)} more</li>}
        <li><span class="key front-key" /> Pareto front</li>
        {rankedWeight.value !== "random" && <li><span class="key iso-key" /> equal score at this weight</li>}
        <li><span class="key hollow-key" /> hollow: another one is as good in both and better in one</li>
      </ul>
    </section>
  );
}

/** Between a dot and what is told of it, and the most that this is wide, in pixels. */
const APART = 14;
const WIDEST = 288;

function Tip({ chart }: { chart: Chart | undefined }) {
  const index = hovered.value;
  const combination = index === undefined ? undefined : answer.value?.combinations[index];
  const centre = index === undefined || chart?.answer !== answer.value ? undefined : chart?.centre(index);
  if (!combination || !centre || !answer.value) return null;
  const [x, y] = centre;
  const width = chart?.element.clientWidth ?? 0;
  // On the side that has more room, within the chart.
  const isLeft = x > width / 2;
  const side = isLeft ? { right: `${width - x + APART}px` } : { left: `${x + APART}px` };
  const most = Math.min(WIDEST, (isLeft ? x : width - x) - APART);
  return (
    <div class="tip" style={{ ...side, top: `${y}px`, maxWidth: `${most}px` }} aria-hidden="true">
      <strong><Mark tes={combination.tes} /> {tesName(combination.tes)}</strong>
      <span>
        {money(combination.cost, answer.value.currency)} · {duration(combination.seconds)} · rank{" "}
        {ranked.value?.ranks[combination.index]}
      </span>
    </div>
  );
}
