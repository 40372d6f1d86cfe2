// Why the selected combination costs and takes what it does, and what would make another TES the best.

import { signal } from "@preact/signals";

import type { Answer, Combination } from "../model/answer";
import { duration, integer, middle, money, number, percent, plural } from "../model/format";
import { breakEven } from "../model/ranking";
import { answer, ranked, rankedWeight, selected } from "../store";
import { sentencesOf } from "./best";
import { Mark } from "./mark";
import { Transfers } from "./moves";
import { known, tesName } from "./names";
import { RewrittenTask } from "./rewritten";
import { costParts, timeParts, Uris } from "./table";
import { Quoted } from "./warnings";

/** The most access URIs that are printed. */
const MOST_PRINTED = 500;

export function Why() {
  const data = answer.value;
  const current = selected.value;
  if (!data || !current) return null;
  return (
    <section class="panel why" aria-labelledby="why-title">
      <div class="panel-head">
        <h2 id="why-title">Why</h2>
        <p class="chosen">
          <Mark tes={current.tes} /> {tesName(current.tes)}, rank {integer(ranked.value?.ranks[current.index] ?? 0)}
        </p>
      </div>
      <RewrittenTask />
      <Parts current={current} currency={data.currency} />
      <Basis current={current} />
      <Transfers data={data} current={current} />
      <Assumptions data={data} />
      <ToBeBest data={data} current={current} />
      <div class="on-paper">
        <h3>Access URIs</h3>
        <Uris combination={current} first={MOST_PRINTED} />
      </div>
    </section>
  );
}

function Parts({ current, currency }: { current: Combination; currency: string }) {
  const cost = costParts(current, currency);
  const time = timeParts(current);
  const others = current.costParts?.billed_to_others ?? 0;
  return (
    <>
      <table class="parts">
        <caption class="visually-hidden">The parts of cost and time</caption>
        <tbody>
          {[
            { name: "Cost", total: money(current.cost, currency), value: current.cost, parts: cost },
            { name: "Time", total: duration(current.seconds), value: current.seconds, parts: time },
          ].map(({ name, total, value, parts }) => (
            <tr key={name}>
              <th scope="row">
                {name} <span class="total">{total}</span>
              </th>
              {parts.map(({ name, value: part, text }, index) => (
                <td key={name}>
                  <span class="part-name"><span class={`part part-${index}`} aria-hidden="true" /> {name}</span>{" "}
                  {text}
                  {value > 0 && <span class="muted"> {percent(part / value)}</span>}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {others > 0 && (
        <p>
          Of the transfer, {money(others, currency)} {others === current.costParts?.transfer ? "(all of it) is" : "is"}{" "}
          billed to others, not to you.
        </p>
      )}
    </>
  );
}

const OFFERS: Record<string, string> = {
  "task-info": "The TES itself states its prices (task info).",
  "price-book": "The prices are those of the operator's price book.",
};

const QUEUES: Record<string, string> = {
  "task-info": "as the TES itself says",
  history: "from the waits of recent tasks",
  fixed: "a fixed value of the price book",
  assumed: "a default, since it is unknown",
};

const EXECUTIONS: Record<string, string> = {
  request: "as requested",
  history: "the median of earlier tasks with the same image there",
  default: "the default of the service",
};

function queueSentence({ queue, timeParts: time }: Combination): string | undefined {
  if (time?.queue === undefined) return undefined;
  const waits = `A task waits ${duration(time.queue)}`;
  if (!queue) return `${waits}.`;
  const signal = queue.signal ?? "";
  const basis = known(QUEUES, signal) ?? (signal && `by the signal “${signal}”`);
  const facts = [
    queue.started === undefined ? undefined : `${plural(queue.started, "task")} started`,
    queue.waiting === undefined ? undefined : `${integer(queue.waiting)} waiting`,
    queue.median_sec === undefined ? undefined : `median wait ${duration(queue.median_sec)}`,
    queue.oldest_waiting_sec === undefined || !queue.waiting
      ? undefined
      : `the oldest for ${duration(queue.oldest_waiting_sec)}`,
  ].filter(Boolean);
  return `${waits}${basis ? `, ${basis}` : ""}${facts.length > 0 ? ` (${facts.join(", ")})` : ""}.`;
}

function executionSentence({ execution, timeParts: time }: Combination): string | undefined {
  if (!execution || time?.execution === undefined) return undefined;
  const source = known(EXECUTIONS, execution.source) ?? execution.source;
  const speed =
    execution.speed !== undefined && execution.speed !== 1
      ? `, on machines ${number(execution.speed)} times as fast as those that the run time is stated for`
      : "";
  const tries =
    execution.tries !== undefined && execution.tries > 1.0005
      ? `, with ${number(execution.tries)} tries on average, since some runs there fail or are preempted`
      : "";
  return `It runs for ${duration(time.execution)}${source ? `, ${source}` : ""}${speed}${tries}.`;
}

function Basis({ current }: { current: Combination }) {
  const sentences = [
    known(OFFERS, current.offer),
    queueSentence(current),
    executionSentence(current),
  ].filter((text): text is string => text !== undefined);
  return <ul class="sentences">{sentences.map((text) => <li key={text}>{text}</li>)}</ul>;
}

function Assumptions({ data }: { data: Answer }) {
  const list = data.assumptions;
  if (list.length === 0) return null;
  return (
    <details class="assumptions" open={list.length <= 4}>
      <summary>{plural(list.length, "assumption")}</summary>
      <ul>{list.map((text, index) => <li key={index}><Quoted text={text} /></li>)}</ul>
    </details>
  );
}

/** The TES that is asked about; the selected one, or the runner-up if that is the best. */
const subject = signal<{ data: Answer; tes: number } | undefined>(undefined);

function ToBeBest({ data, current }: { data: Answer; current: Combination }) {
  const w = rankedWeight.value;
  if (data.tes.length < 2) return null;
  const best = ranked.value?.order[0];
  const runnerUp = ranked.value?.order.find(({ tes }) => tes !== best?.tes)?.tes ?? 0;
  const asked = subject.value?.data === data ? subject.value.tes : undefined;
  const tes = asked ?? (current.tes !== best?.tes ? current.tes : runnerUp);
  const result = typeof w === "number" && data.means ? breakEven(data, tes, w) : undefined;
  return (
    <div class="to-be-best">
      <h3>
        <label>
          What would make{" "}
          <select value={tes} onChange={(event) => (subject.value = { data, tes: Number(event.currentTarget.value) })}>
            {data.tes.map((uri, index) => <option key={uri} value={index}>{middle(tesName(index), 50)}</option>)}
          </select>{" "}
          the best?
        </label>
      </h3>
      {result ? (
        <ul class="sentences">
          {sentencesOf(data, tes, tesName(tes), result).map((text) => <li key={text}>{text}</li>)}
        </ul>
      ) : (
        <p class="hint">
          {w === "random"
            ? "A random order has no best one."
            : "The answer does not list every combination, so this cannot be computed here: ask for fewer objects, or raise the limit."}
        </p>
      )}
    </div>
  );
}
