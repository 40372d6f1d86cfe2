// The form.

import { batch } from "@preact/signals";
import { useId, useRef, useState } from "preact/hooks";

import { duration, integer } from "../model/format";
import { at, type Kind } from "../model/request";
import { cancel, submit } from "../calls";
import { answer, asking, draft, edit, held, isStale, kind, missing, notice, settings } from "../store";
import { CopyButtons } from "./copy";
import { examplesOf } from "./examples";
import { LinesField, NumberField, OtherFaults, SizesField } from "./field";
import { JsonView } from "./json";
import { Missing } from "./missing";
import { showResults, useOutcome } from "./outcome";
import { openTask, TaskFields } from "./task";
import { TokenField } from "./token";
import { WeightControl } from "./weight";

const NEEDS = "resource_requirements";

/** The places of a request that have a field of their own. */
const SHOWN: Record<Kind, string[]> = {
  resources: [
    "/tes_uris", "/drs_uris", "/object_ids", "/mode", "/limit", `/${NEEDS}/cpu_cores`, `/${NEEDS}/ram_gb`,
    `/${NEEDS}/disk_gb`, `/${NEEDS}/execution_time_sec`, `/${NEEDS}/zones`, "/object_sizes", "/registries",
  ],
  task: ["/tes_uris", "/drs_uris", "/mode", "/limit", "/task", "/execution_time_sec", "/sizes", "/registries"],
};

function ResourceFields() {
  const seconds = at(draft.value, [NEEDS, "execution_time_sec"]);
  const preemptible = at(draft.value, [NEEDS, "preemptible"]);
  return (
    <>
      <div class="numbers">
        <NumberField label="CPU cores" path={[NEEDS, "cpu_cores"]} />
        <NumberField label="Memory" unit="GB" path={[NEEDS, "ram_gb"]} />
        <NumberField label="Disk" unit="GB" path={[NEEDS, "disk_gb"]} />
        <NumberField
          label="Run time"
          unit="s"
          path={[NEEDS, "execution_time_sec"]}
          hint={typeof seconds === "number" && seconds >= 60 ? duration(seconds) : undefined}
        />
      </div>
      <label class="check">
        <input
          type="checkbox"
          checked={preemptible === true}
          indeterminate={preemptible === undefined}
          onChange={(event) => edit([NEEDS, "preemptible"], event.currentTarget.checked)}
        />
        may run on preemptible machines{preemptible === undefined && " (not stated)"}
      </label>
      <LinesField
        label="Input objects"
        unit="ids, drs:// or URLs"
        path={["object_ids"]}
        rows={2}
      />
    </>
  );
}

function Examples() {
  const id = useId();
  const known = settings.value;
  if (!known) return null;
  const list = examplesOf(known.example, known.paths.includes("/rank-tasks"));
  return (
    <div class="examples">
      <label for={id}>Example</label>
      <select
        id={id}
        value=""
        onChange={(event) => {
          const example = list[Number(event.currentTarget.value)];
          event.currentTarget.value = "";
          if (!example) return;
          batch(() => {
            kind.value = example.kind;
            draft.value = example.draft;
            missing.value = [];
            notice.value = undefined;
          });
        }}
      >
        <option value="">Choose…</option>
        {list.map(({ name }, index) => <option key={name} value={index}>{name}</option>)}
      </select>
    </div>
  );
}

function Kinds() {
  const name = useId();
  const options: [Kind, string][] = [["resources", "Resources"], ["task", "TES task"]];
  return (
    <fieldset class="segments">
      <legend class="visually-hidden">What is ranked</legend>
      {options.map(([value, label]) => (
        <label key={value}>
          <input type="radio" name={name} checked={kind.value === value} onChange={() => (kind.value = value)} />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  );
}

export function Ask() {
  const [isOver, setIsOver] = useState(false);
  const sentFrom = useRef<Element | null>(null);
  useOutcome(sentFrom);
  const isAsking = asking.value !== undefined;
  const most = settings.value?.mostCombinations;
  const hasFile = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
  return (
    <section
      class={`ask panel ${isOver ? "drop" : ""}`}
      aria-labelledby="ask-title"
      onDragOver={(event) => {
        if (!hasFile(event)) return;
        event.preventDefault();
        setIsOver(true);
      }}
      onDragLeave={() => setIsOver(false)}
      onDrop={(event) => {
        if (!hasFile(event)) return;
        event.preventDefault();
        setIsOver(false);
        const file = event.dataTransfer?.files[0];
        if (file) void openTask(file);
      }}
    >
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          const from = document.activeElement;
          sentFrom.current = from;
          void submit().then((isAnswered) => isAnswered && showResults(from));
        }}
      >
        <div class="panel-head">
          <h2 id="ask-title">The task</h2>
          <Examples />
        </div>
        <Kinds />
        <Missing />
        {kind.value === "task" ? <TaskFields /> : <ResourceFields />}
        <LinesField label="Where it could run" unit="TES" path={["tes_uris"]} rows={2} placeholder="https://tes.example/ga4gh/tes/v1/" />
        <LinesField label="Where the data are" unit="DRS" path={["drs_uris"]} rows={2} placeholder="https://drs.example/ga4gh/drs/v1/" />
        <WeightControl />
        <details class="more">
          <summary>Token and more options</summary>
          <TokenField />
          <NumberField
            label="At most"
            unit="combinations"
            path={["limit"]}
            min={1}
            step={1}
            hint={most === undefined ? undefined : `If empty: ${integer(most)}.`}
          />
          <SizesField
            label="Known sizes"
            unit={kind.value === "task" ? "path = size" : "id = size"}
            path={[kind.value === "task" ? "sizes" : "object_sizes"]}
            rows={1}
            placeholder={kind.value === "task" ? "/data/a.cram = 15 GB" : "a001 = 15 GB"}
            hint={
              kind.value === "task"
                ? "In bytes, or as 15 GB or 3 GiB; of inputs and outputs, by their paths. Outputs cost what their sizes tell."
                : "In bytes, or as 15 GB or 3 GiB. They win over what servers say of a URL."
            }
          />
          <LinesField
            label="Registries"
            unit="GA4GH service registries"
            path={["registries"]}
            rows={1}
            placeholder="https://registry.example/"
            hint="Their TES could run it, too. Your token goes to none that is known from here alone."
          />
          {kind.value === "resources" && (
            <LinesField label="Zones" path={[NEEDS, "zones"]} rows={1} hint="As the TES names them. None for any." />
          )}
        </details>
        <OtherFaults pointers={SHOWN[kind.value]} />
        <div>
          <div class="told" role="status">
            {notice.value && <p class={notice.value.isError ? "note error" : "note"}>{notice.value.text}</p>}
            {held.value > 0 && (
              <p class="note error">Not sent and not copied: the form has text that cannot be read, and is marked.</p>
            )}
          </div>
          <div class="submit">
            <button type="submit" class="primary">{answer.value ? "Rank again" : "Rank"}</button>
            {isAsking && <button type="button" onClick={cancel}>Cancel</button>}
            <span class="stale" role="status">{isStale.value && !isAsking && "Changed since the answer."}</span>
          </div>
        </div>
      </form>
      <JsonView />
      <CopyButtons />
    </section>
  );
}
