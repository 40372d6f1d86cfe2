// The ranking as a table: sorted, filtered, with the parts of cost and time as bars.

import { signal, useComputed } from "@preact/signals";
import { Fragment } from "preact";
import { useEffect, useState } from "preact/hooks";

import { type Combination, objectsOf } from "../model/answer";
import { decimals, duration, integer, middle, money, plural } from "../model/format";
import { answer, hovered, onlyTes, ranked, rankedWeight, select, selected } from "../store";
import { Downloads } from "./downloads";
import { Mark } from "./mark";
import { orderText, tesName, tesNames } from "./names";

type Column = "rank" | "tes" | "cost" | "time" | "score";
const sort = signal<{ column: Column; isDescending: boolean }>({ column: "rank", isDescending: false });

/** How many rows are shown at first, and how many more at a time. */
const PAGE = 25;

interface Part {
  name: string;
  value: number;
  text: string;
}

/** The parts of a value as a bar, as long as the value is beside the largest one. */
export function Bar({ parts, most }: { parts: Part[]; most: number }) {
  const text = parts.map(({ name, text }) => `${name} ${text}`).join(", ");
  return (
    <span class="bar" role="img" aria-label={text} title={text}>
      {parts.map(({ name, value }, index) =>
        value > 0 && most > 0 ? (
          <span key={name} class={`part part-${index}`} style={{ width: `${(100 * value) / most}%` }} />
        ) : null,
      )}
    </span>
  );
}

export function costParts({ costParts: parts }: Combination, currency: string): Part[] {
  const { compute = 0, storage = 0, transfer = 0 } = parts ?? {};
  return Object.entries({ compute, storage, transfer }).map(([name, value]) => ({
    name,
    value,
    text: money(value, currency),
  }));
}

export function timeParts({ timeParts: parts }: Combination): Part[] {
  const { queue = 0, execution = 0, transfer = 0 } = parts ?? {};
  return Object.entries({ queue, execution, transfer }).map(([name, value]) => ({ name, value, text: duration(value) }));
}

/** `name` as it may be broken: after dots, before it is broken anywhere else. */
const breakable = (name: string) => name.split(/(?<=\.)/).map((part, index) => <Fragment key={index}>{part}<wbr /></Fragment>);

function Heading({ column, children }: { column: Column; children: preact.ComponentChildren }) {
  const { column: current, isDescending } = sort.value;
  const isCurrent = current === column;
  return (
    <th scope="col" aria-sort={isCurrent ? (isDescending ? "descending" : "ascending") : "none"} class={`col-${column}`}>
      <button
        type="button"
        onClick={() => (sort.value = { column, isDescending: isCurrent && !isDescending })}
      >
        {children}
        <span class="arrow" aria-hidden="true">{isCurrent ? (isDescending ? "▾" : "▴") : ""}</span>
      </button>
    </th>
  );
}

function sorted(list: Combination[], scores: (number | undefined)[]): Combination[] {
  const { column, isDescending } = sort.value;
  const keys: Record<Column, ((one: Combination) => number) | undefined> = {
    rank: undefined,
    tes: (one) => one.tes,
    cost: (one) => one.cost,
    time: (one) => one.seconds,
    score: (one) => scores[one.index] ?? 0,
  };
  const key = keys[column];
  // The list is by rank, and sorting is stable.
  const result = key ? [...list].sort((a, b) => key(a) - key(b)) : [...list];
  return isDescending ? result.reverse() : result;
}

/** The access URIs of a combination, the `first` of them at first. */
export function Uris({ combination, first = 20 }: { combination: Combination; first?: number }) {
  const objects = objectsOf(combination);
  const [most, setMost] = useState(first);
  return (
    <dl class="uris">
      <dt>TES</dt>
      <dd>{combination.tesUri}</dd>
      {objects.slice(0, most).map(([id, uri]) => [<dt key={`id ${id}`}>{id}</dt>, <dd key={`uri ${id}`}>{uri}</dd>])}
      {objects.length > most && (
        <dd>
          <button type="button" class="link" onClick={() => setMost(most + 200)}>
            {plural(objects.length - most, "more object")}
          </button>
        </dd>
      )}
    </dl>
  );
}

interface RowProps {
  combination: Combination;
  rank: number;
  score: number | undefined;
  most: { cost: number; seconds: number };
  currency: string;
  isSelected: boolean;
  hasScore: boolean;
}

function Row({ combination, rank, score, most, currency, isSelected, hasScore }: RowProps) {
  const [isOpen, setIsOpen] = useState(false);
  const { index, isPareto } = combination;
  // As a signal of its own: moving over rows then sets an attribute of two of them, and renders none.
  const rowClass = useComputed(() =>
    selected.value?.index === index ? "selected" : hovered.value === index ? "hovered" : "",
  );
  return (
    <>
      <tr
        class={rowClass}
        data-index={index}
        onClick={() => select(index)}
        onMouseEnter={() => (hovered.value = index)}
        onMouseLeave={() => (hovered.value = undefined)}
      >
        <td class="rank">{integer(rank)}</td>
        <th scope="row">
          <button type="button" class="pick" aria-pressed={isSelected} onClick={() => select(index)}>
            <Mark tes={combination.tes} /> <span class="name" title={combination.tesUri}>{breakable(tesName(combination.tes))}</span>
          </button>
        </th>
        <td>
          <span class="figure">{money(combination.cost, currency)}</span>
          <Bar parts={costParts(combination, currency)} most={most.cost} />
        </td>
        <td>
          <span class="figure">{duration(combination.seconds)}</span>
          <Bar parts={timeParts(combination)} most={most.seconds} />
        </td>
        {hasScore && <td class="number">{score === undefined ? "–" : decimals(score, 4)}</td>}
        <td>{isPareto === undefined ? "–" : isPareto ? "yes" : <span class="muted">no</span>}</td>
        <td class="expand">
          <button
            type="button"
            class="link"
            aria-expanded={isOpen}
            aria-label={`Access URIs of rank ${rank}`}
            onClick={(event) => {
              event.stopPropagation();
              setIsOpen(!isOpen);
            }}
          >
            URIs
          </button>
        </td>
      </tr>
      {isOpen && (
        <tr class="detail">
          <td colSpan={hasScore ? 7 : 6}><Uris combination={combination} /></td>
        </tr>
      )}
    </>
  );
}

/** On paper, where the controls are not: what the rows are, and in which order. */
function Shown() {
  const { column, isDescending } = sort.value;
  const parts = [
    orderText(rankedWeight.value),
    onlyTes.value === undefined ? "all TES" : `${tesName(onlyTes.value)} alone`,
    `by ${column === "tes" ? "TES" : column}${isDescending ? ", descending" : ""}`,
  ];
  return <p class="on-paper">Rows: {parts.join("; ")}.</p>;
}

export function Table() {
  const data = answer.value;
  const order = ranked.value;
  const [rows, setRows] = useState(PAGE);
  useEffect(() => setRows(PAGE), [data]);
  if (!data || !order) return null;
  const filtered = order.order.filter(({ tes }) => onlyTes.value === undefined || tes === onlyTes.value);
  const list = sorted(filtered, order.scores);
  const current = selected.value;
  const visible = list.slice(0, rows);
  // What was selected elsewhere is never out of sight.
  const extra = current && list.includes(current) && !visible.includes(current) ? current : undefined;
  const most = data.combinations.reduce(
    (most, { cost, seconds }) => ({ cost: Math.max(most.cost, cost), seconds: Math.max(most.seconds, seconds) }),
    { cost: 0, seconds: 0 },
  );
  const hasScore = order.scores.some((score) => score !== undefined);
  const row = (combination: Combination) => (
    <Row
      key={combination.index}
      combination={combination}
      rank={order.ranks[combination.index] ?? 0}
      score={order.scores[combination.index]}
      most={most}
      currency={data.currency}
      isSelected={combination === current}
      hasScore={hasScore}
    />
  );
  return (
    <section class="panel ranking" aria-labelledby="ranking-title">
      <div class="panel-head">
        <h2 id="ranking-title">Ranking</h2>
        <div class="tools">
          {data.tes.length > 1 && (
            <label>
              Show{" "}
              <select
                value={onlyTes.value ?? ""}
                onChange={(event) => {
                  const { value } = event.currentTarget;
                  onlyTes.value = value === "" ? undefined : Number(value);
                }}
              >
                <option value="">all TES</option>
                {tesNames.value.map((name, tes) => <option key={name} value={tes}>{middle(name, 50)}</option>)}
              </select>
            </label>
          )}
          <Downloads data={data} order={order} />
        </div>
      </div>
      <Shown />
      <p class="keys" aria-hidden="true">
        Cost: <span class="part part-0" /> compute <span class="part part-1" /> storage <span class="part part-2" />{" "}
        transfer. Time: <span class="part part-0" /> queue <span class="part part-1" /> execution{" "}
        <span class="part part-2" /> transfer.
      </p>
      <div class="scroll" tabIndex={0} role="region" aria-label="Table of combinations">
        <table>
          <thead>
            <tr>
              <Heading column="rank">Rank</Heading>
              <Heading column="tes">TES</Heading>
              <Heading column="cost">Cost</Heading>
              <Heading column="time">Time</Heading>
              {hasScore && <Heading column="score">Score</Heading>}
              <th scope="col"><abbr title="No other combination is at least as good in both and better in one">Pareto</abbr></th>
              <th scope="col"><span class="visually-hidden">Access URIs</span></th>
            </tr>
          </thead>
          <tbody>
            {visible.map(row)}
            {extra && (
              <tr class="gap" aria-hidden="true">
                <td colSpan={hasScore ? 7 : 6}>⋮</td>
              </tr>
            )}
            {extra && row(extra)}
          </tbody>
        </table>
      </div>
      {list.length > rows && (
        <p class="pager">
          <span>{integer(rows)} of {integer(list.length)} combinations</span>
          <button type="button" onClick={() => setRows(rows + 4 * PAGE)}>Show more</button>
          <button type="button" onClick={() => setRows(list.length)}>Show all</button>
        </p>
      )}
    </section>
  );
}
