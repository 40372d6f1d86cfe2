// What there is to see: nothing yet, the answer, or why there is none.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { WeightControl } from "../ask/weight";
import { cancel } from "../calls";
import { dateAndTime, duration, number, plural } from "../model/format";
import { answer, asking, failure, isStale, rankedWeight, took } from "../store";
import { numberOf, property, textOf, textsOf } from "../model/read";
import { FailureView } from "./failure";
import { SiteMap } from "./map";
import { orderText } from "./names";
import { Table } from "./table";
import { Tradeoff } from "./tradeoff";
import { Announcement, Verdict } from "./verdict";
import { Warnings } from "./warnings";
import { Why } from "./why";

export function Results() {
  const data = answer.value;
  return (
    <main id="results" tabIndex={-1} aria-busy={asking.value !== undefined}>
      <Announcement />
      <Progress />
      {failure.value && <FailureView failure={failure.value} />}
      {data ? (
        <div class={isStale.value || failure.value ? "answer old" : "answer"}>
          <Verdict />
          <Asked />
          <div class="weight-here panel"><WeightControl /></div>
          <Warnings
            warnings={data.warnings}
            requested={textsOf(data.request.tes_uris)}
            listed={[...data.tes, ...textsOf(property(data.raw, "tes_uris"))]}
            isWhole={data.means !== undefined}
          />
          {data.combinations.length > 0 && (
            <div class="views">
              <Tradeoff />
              <SiteMap />
              <Table />
              <Why />
            </div>
          )}
        </div>
      ) : (
        !failure.value && asking.value === undefined && <Nothing />
      )}
    </main>
  );
}

/** On paper, where the form is not: what was asked, and when. */
function Asked() {
  const data = answer.value;
  if (!data) return null;
  const { request } = data;
  const needs = property(request, "resource_requirements");
  const amount = (key: string, unit: string) => {
    const value = numberOf(property(needs, key));
    return value === undefined ? [] : [`${number(value)} ${unit}`];
  };
  const seconds = numberOf(property(needs, "execution_time_sec")) ?? numberOf(request.execution_time_sec);
  const task = textOf(property(request.task, "name"));
  const objects = textsOf(request.object_ids);
  const parts = [
    ...(request.task ? [task ? `TES task “${task}”` : "a TES task"] : []),
    ...amount("cpu_cores", "CPU cores"),
    ...amount("ram_gb", "GB memory"),
    ...amount("disk_gb", "GB disk"),
    ...(seconds === undefined ? [] : [`run time ${duration(seconds)}`]),
    ...(objects.length === 0 ? [] : [objects.length <= 4 ? objects.join(", ") : plural(objects.length, "object")]),
    orderText(rankedWeight.value),
  ];
  return <p class="asked on-paper">Asked on {dateAndTime(took.value.at)} for: {parts.join("; ")}.</p>;
}

function Nothing() {
  return (
    <section class="panel nothing">
      <svg viewBox="0 0 240 120" width="240" height="120" aria-hidden="true">
        <path class="axis" d="M28 8V100H232" />
        <path class="curve" d="M48 20C56 70 96 84 216 90" />
        <circle class="solid" cx="50" cy="30" r="5" />
        <circle class="solid" cx="78" cy="69" r="5" />
        <circle class="solid" cx="150" cy="86" r="5" />
        <circle class="hollow" cx="104" cy="40" r="5" />
        <circle class="hollow" cx="170" cy="56" r="5" />
        <circle class="hollow" cx="198" cy="34" r="5" />
      </svg>
      <h2>Nothing ranked yet</h2>
      <p>
        Say what the task needs, where it could run and where its data are. The service asks all of them at once for
        prices, queues and sizes; here is then every combination by cost and time, where everything is, and why.
      </p>
    </section>
  );
}

/** A line while a request is in flight, with how long it has been. */
function Progress() {
  const since = asking.value;
  const elapsed = useSignal(0);
  useEffect(() => {
    if (since === undefined) return;
    elapsed.value = 0;
    const timer = setInterval(() => (elapsed.value = performance.now() - since), 250);
    return () => clearInterval(timer);
  }, [since]);
  // Short waits, as while the slider moves, do not flicker.
  const isShown = since !== undefined && (elapsed.value > 200 || !answer.value);
  return (
    <div class="progress" role="status">
      {isShown && (
        <>
          <span class="line" aria-hidden="true" />
          <span>
            Asking all services
            <span aria-hidden="true">{elapsed.value >= 1000 ? `, ${Math.floor(elapsed.value / 1000)} s` : "…"}</span>
          </span>
          <button type="button" onClick={cancel}>Cancel</button>
        </>
      )}
    </div>
  );
}
