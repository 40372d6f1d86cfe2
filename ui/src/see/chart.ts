// Cost against time as a chart: Observable Plot draws axes, front and dots; the marks that move (the line of equal
// score, selection, focus) lie over it, so that a thousand dots are drawn once.

import * as Plot from "@observablehq/plot";

import type { Answer, Combination } from "../model/answer";
import { decimals, tickDigits, timeUnit } from "../model/format";
import { isoLine, meansForDrawing } from "../model/ranking";
import { colourOf, shapeOf } from "./mark";
import { widthOf } from "./width";

const SVG = "http://www.w3.org/2000/svg";

export interface ChartEvents {
  onHover: (index: number | undefined) => void;
  onSelect: (index: number) => void;
}

export interface ChartState {
  weight: number | "random";
  best: number | undefined;
  selected: number | undefined;
  hovered: number | undefined;
  onlyTes: number | undefined;
  /** The rank of each combination, by its index. */
  ranks: readonly number[];
}

type Domain = [number, number];

/** A domain with room at its ends; from zero, unless that would press the values into a corner. */
function domainOf(values: readonly number[]): Domain {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  if (high <= 0) return [0, 1];
  if (low < high * 0.6) return [0, high * 1.1];
  // Small differences stay small.
  const room = Math.max((high - low) * 0.25, high * 0.1);
  return [Math.max(0, low - room), high + room];
}

/** Between the edge of the chart and its axis, beside a label: the tick, and room around it. */
const TICK = 14;

/** An axis of `domain` with about so many ticks, labelled as in the visitor's language, and how wide labels are. */
function axis(domain: Domain, ticks: number) {
  const digits = tickDigits(domain, ticks);
  const tickFormat = (value: number) => decimals(value, digits);
  // All digits are as wide as a zero.
  const widest = tickFormat(domain[1]).replace(/\d/g, "0");
  return { options: { domain, ticks, tickFormat }, labelWidth: Math.ceil(widthOf(widest)) };
}

/** At most so many places where several combinations lie are told by number. */
const MOST_COUNTS = 12;

export class Chart {
  readonly element: SVGSVGElement;
  private readonly dots: SVGElement[] = [];
  private readonly centres: [number, number][] = [];
  /** Indices from left to right, then from top to bottom: the order of the arrow keys. */
  private readonly byTime: number[];
  private readonly x: (seconds: number) => number;
  private readonly y: (cost: number) => number;
  private readonly domain: { seconds: Domain; cost: Domain };
  private readonly line = document.createElementNS(SVG, "line");
  private readonly ring = document.createElementNS(SVG, "circle");
  private readonly halo = document.createElementNS(SVG, "circle");
  private readonly bestLabel = document.createElementNS(SVG, "text");
  private focused: number;

  constructor(
    readonly answer: Answer,
    width: number,
    height: number,
    private readonly events: ChartEvents,
    first: number,
    /** What each dot is called, after its rank. */
    private readonly labels: readonly string[],
  ) {
    const { combinations, currency } = answer;
    const seconds = domainOf(combinations.map((one) => one.seconds));
    const cost = domainOf(combinations.map((one) => one.cost));
    this.domain = { seconds, cost };
    const unit = timeUnit(seconds[1]);
    const times = axis([seconds[0] / unit.seconds, seconds[1] / unit.seconds], Math.max(3, Math.floor(width / 90)));
    const costs = axis(cost, Math.max(3, Math.floor(height / 60)));
    const front = combinations
      .filter(({ isPareto }) => isPareto)
      .sort((a, b) => a.seconds - b.seconds || b.cost - a.cost);
    // The last one drawn lies on top: the best one.
    const drawn = [...combinations].reverse();
    const radius = combinations.length > 200 ? 4 : 5.5;
    const plot = Plot.plot({
      width,
      height,
      marginTop: 26,
      marginRight: Math.max(18, times.labelWidth / 2),
      marginBottom: 40,
      marginLeft: Math.max(58, costs.labelWidth + TICK),
      x: { ...times.options, label: `Time (${unit.name}) →`, grid: true },
      y: { ...costs.options, label: `↑ Cost (${currency})`, grid: true },
      color: { type: "identity" },
      marks: [
        Plot.line(front, {
          x: (one: Combination) => one.seconds / unit.seconds,
          y: "cost",
          curve: "step-after",
          stroke: "currentColor",
          className: "front",
        }),
        Plot.dot(drawn, {
          x: (one: Combination) => one.seconds / unit.seconds,
          y: "cost",
          r: radius,
          symbol: (one: Combination) => shapeOf(one.tes),
          stroke: (one: Combination) => colourOf(one.tes),
          fill: (one: Combination) => (one.isPareto === false ? "var(--surface)" : colourOf(one.tes)),
          strokeWidth: 1.5,
          className: "dots",
        }),
      ],
    });
    this.element = plot as SVGSVGElement;
    // The page's style sheet has what is needed of it; the policy of the page allows no other.
    this.element.querySelector("style")?.remove();
    const scale = (name: "x" | "y") => {
      const found = this.element as unknown as { scale(name: string): { apply(value: number): number } };
      return found.scale(name);
    };
    const [xScale, yScale] = [scale("x"), scale("y")];
    this.x = (value) => xScale.apply(value / unit.seconds);
    this.y = (value) => yScale.apply(value);
    this.byTime = combinations
      .map(({ index }) => index)
      .sort((a, b) => this.at(a).seconds - this.at(b).seconds || this.at(b).cost - this.at(a).cost || a - b);
    this.focused = first;
    this.prepare(drawn);
  }

  private at(index: number): Combination {
    return this.answer.combinations[index] as Combination;
  }

  private prepare(drawn: Combination[]): void {
    this.element.removeAttribute("viewBox");
    this.element.setAttribute("aria-hidden", "false");
    for (const group of this.element.querySelectorAll("g")) {
      if (!group.classList.contains("dots")) group.setAttribute("aria-hidden", "true");
    }
    const group = this.element.querySelector("g.dots");
    if (!group) return;
    group.setAttribute("role", "listbox");
    group.setAttribute("aria-label", "Combinations by time and cost");
    [...group.children].forEach((dot, position) => {
      const combination = drawn[position];
      if (!combination) return;
      const { index } = combination;
      this.dots[index] = dot as SVGElement;
      this.centres[index] = [this.x(combination.seconds), this.y(combination.cost)];
      dot.setAttribute("role", "option");
      dot.setAttribute("tabindex", "-1");
      dot.setAttribute("data-index", String(index));
    });
    const over = document.createElementNS(SVG, "g");
    over.setAttribute("class", "over");
    over.setAttribute("aria-hidden", "true");
    this.line.setAttribute("class", "iso");
    this.ring.setAttribute("class", "ring");
    this.halo.setAttribute("class", "halo");
    this.bestLabel.setAttribute("class", "best-label");
    this.bestLabel.textContent = "best";
    over.append(this.line, this.halo, this.ring, this.bestLabel);
    group.before(over);
    this.count();
    group.addEventListener("pointerover", (event) => this.events.onHover(indexOf(event)));
    group.addEventListener("pointerout", () => this.events.onHover(undefined));
    group.addEventListener("focusin", (event) => {
      const index = indexOf(event);
      // Also where it is focused by other means than the arrow keys, as by a screen reader.
      if (index !== undefined) this.setFocus(index);
      this.events.onHover(index);
    });
    group.addEventListener("focusout", () => this.events.onHover(undefined));
    group.addEventListener("click", (event) => this.choose(indexOf(event)));
    group.addEventListener("keydown", (event) => this.onKey(event as KeyboardEvent));
  }

  private choose(index: number | undefined): void {
    if (index === undefined) return;
    this.setFocus(index);
    this.events.onSelect(index);
  }

  /** Tells how many combinations lie at one place. */
  private count(): void {
    const places = new Map<string, number[]>();
    this.centres.forEach(([x, y], index) => {
      const key = `${Math.round(x)},${Math.round(y)}`;
      places.set(key, [...(places.get(key) ?? []), index]);
    });
    const shared = [...places.values()].filter((list) => list.length > 1);
    if (shared.length > MOST_COUNTS) return;
    for (const [first = 0, ...rest] of shared) {
      const [x, y] = this.centres[first] ?? [0, 0];
      const text = document.createElementNS(SVG, "text");
      text.setAttribute("class", "count");
      text.setAttribute("x", String(x + 12));
      text.setAttribute("y", String(y - 8));
      text.textContent = `×${rest.length + 1}`;
      this.element.querySelector("g.over")?.append(text);
    }
  }

  private onKey(event: KeyboardEvent): void {
    const position = this.byTime.indexOf(this.focused);
    const last = this.byTime.length - 1;
    const step = Math.max(1, Math.round(last / 10));
    const to: Record<string, number> = {
      ArrowRight: position + 1,
      ArrowDown: position + 1,
      ArrowLeft: position - 1,
      ArrowUp: position - 1,
      PageDown: position + step,
      PageUp: position - step,
      Home: 0,
      End: last,
    };
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.choose(this.focused);
      return;
    }
    if (event.key === "Escape") this.events.onHover(undefined);
    const target = to[event.key];
    if (target === undefined) return;
    event.preventDefault();
    const index = this.byTime[Math.min(last, Math.max(0, target))];
    if (index === undefined) return;
    this.focus(index);
  }

  /** The combination whose dot has the focus. */
  focusedDot(): number | undefined {
    return this.element.contains(document.activeElement) ? this.focused : undefined;
  }

  focus(index: number): void {
    this.setFocus(index);
    this.dots[index]?.focus();
  }

  private setFocus(index: number): void {
    this.dots[this.focused]?.setAttribute("tabindex", "-1");
    this.focused = index;
    this.dots[index]?.setAttribute("tabindex", "0");
  }

  /** Where the combination at `index` is, in pixels from the left and the top. */
  centre(index: number): [number, number] | undefined {
    return this.centres[index];
  }

  update(state: ChartState): void {
    for (const combination of this.answer.combinations) {
      const dot = this.dots[combination.index];
      if (!dot) continue;
      dot.setAttribute("aria-label", `Rank ${state.ranks[combination.index] ?? ""}, ${this.labels[combination.index] ?? ""}`);
      dot.setAttribute("aria-selected", String(combination.index === state.selected));
      dot.classList.toggle("faded", state.onlyTes !== undefined && combination.tes !== state.onlyTes);
    }
    if (!this.element.contains(document.activeElement) && state.selected !== undefined) this.setFocus(state.selected);
    this.place(this.ring, state.selected);
    this.place(this.halo, state.hovered);
    this.placeBest(state.best);
    this.placeLine(state);
  }

  private place(circle: SVGCircleElement, index: number | undefined): void {
    const centre = index === undefined ? undefined : this.centres[index];
    circle.setAttribute("visibility", centre ? "visible" : "hidden");
    if (!centre) return;
    circle.setAttribute("cx", String(centre[0]));
    circle.setAttribute("cy", String(centre[1]));
    circle.setAttribute("r", "10");
  }

  private placeBest(best: number | undefined): void {
    const centre = best === undefined ? undefined : this.centres[best];
    this.bestLabel.setAttribute("visibility", centre ? "visible" : "hidden");
    if (!centre) return;
    const [x, y] = centre;
    this.bestLabel.setAttribute("x", String(x));
    // Below: to the lower left of the best one is nothing.
    this.bestLabel.setAttribute("y", String(y + 24));
  }

  private placeLine({ weight, best }: ChartState): void {
    const means = meansForDrawing(this.answer);
    const through = best === undefined ? undefined : this.at(best);
    const ends =
      means && through && typeof weight === "number" ? isoLine(weight, means, through, this.domain) : undefined;
    this.line.setAttribute("visibility", ends ? "visible" : "hidden");
    if (!ends) return;
    const [[x1, y1], [x2, y2]] = ends.map(([seconds, cost]) => [this.x(seconds), this.y(cost)]) as [Domain, Domain];
    for (const [name, value] of Object.entries({ x1, y1, x2, y2 })) this.line.setAttribute(name, String(value));
  }
}

function indexOf(event: Event): number | undefined {
  const index = (event.target as Element).getAttribute("data-index");
  return index === null ? undefined : Number(index);
}

