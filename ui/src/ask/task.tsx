// A TES task to paste, to drop, or to open from a file.

import { batch } from "@preact/signals";
import { useId } from "preact/hooks";

import { at, faultsAt, isObject, isRequest, kindOf, parseJson } from "../model/request";
import { draft, edit, faults, kind, missing, notice, settings } from "../store";
import { FaultList, NumberField } from "./field";
import { useTyped } from "./typed";

/** The largest file that is read, in bytes. */
const MOST_BYTES = 4 << 20;

let opened = 0;

export async function openTask(file: File): Promise<void> {
  opened += 1;
  const turn = opened;
  if (file.size > MOST_BYTES) {
    notice.value = { text: `${file.name} is no TES task: it has more than 4 MB.`, isError: true };
    return;
  }
  let text: string;
  try {
    text = await file.text();
  } catch {
    // A folder, or a file that is gone.
    notice.value = { text: `${file.name} cannot be read.`, isError: true };
    return;
  }
  // Of two files, the one that was opened last counts, however long each took.
  if (turn === opened) takeTask(text, file.name);
}

/** Takes over a TES task by itself, or what a request has; of the form the rest stays. */
export function takeTask(text: string, name: string): void {
  try {
    const value = parseJson(text);
    if (!isObject(value)) throw new TypeError("not an object");
    const isWhole = isRequest(value);
    const given = isWhole ? value : { task: value };
    batch(() => {
      kind.value = kindOf(given);
      draft.value = { ...draft.value, ...given };
      missing.value = missing.value.filter((pointer) => !Object.hasOwn(given, pointer.split("/")[1] ?? ""));
    });
    notice.value = { text: `The ${isWhole ? "request" : "task"} is from ${name}.`, isError: false };
  } catch {
    notice.value = { text: `${name} is no TES task: it is not a JSON object.`, isError: true };
  }
}

const writtenTask = (): string => {
  const task = at(draft.value, ["task"]);
  return task === undefined ? "" : JSON.stringify(task, null, 2);
};

export function TaskFields() {
  const id = useId();
  const { shown, fault, type } = useTyped(writtenTask());
  const list = faultsAt(faults.value, "/task");
  const isKnown = !settings.value || settings.value.paths.includes("/rank-tasks");
  return (
    <>
      {!isKnown && (
        <p class="note">
          This service ranks no whole tasks: it has no <code>/rank-tasks</code>. Give resources and objects instead.
        </p>
      )}
      <div class="field" data-pointer="/task">
        <label for={id}>TES task (JSON)</label>
        <textarea
          id={id}
          class="code"
          rows={10}
          wrap="off"
          spellcheck={false}
          value={shown}
          aria-invalid={list.length > 0 || fault !== ""}
          data-unread={fault !== "" || undefined}
          aria-describedby={`${id}-hint ${id}-typed${list.length > 0 ? ` ${id}-faults` : ""}`}
          placeholder={'{"name": "...", "resources": {...}, "inputs": [...], "executors": [...]}'}
          onInput={(event) => {
            const next = event.currentTarget.value;
            try {
              const value = next.trim() === "" ? undefined : parseJson(next);
              if (isRequest(value)) {
                takeTask(next, "the text");
                return;
              }
              edit(["task"], value);
              type(next, writtenTask());
            } catch (error) {
              type(next, writtenTask(), `Not JSON yet: ${(error as Error).message}`);
            }
          }}
        />
        <p class="hint" id={`${id}-hint`}>
          Paste it, drop a file, or{" "}
          <label class="file">
            open one
            <input
              type="file"
              accept=".json,application/json"
              class="visually-hidden"
              onChange={(event) => {
                const file = event.currentTarget.files?.[0];
                event.currentTarget.value = "";
                if (file) void openTask(file);
              }}
            />
          </label>
          .
        </p>
        <p class="faults" id={`${id}-typed`} role="status">{fault}</p>
        <FaultList id={`${id}-faults`} list={list} />
      </div>
      <NumberField
        label="Run time"
        unit="s"
        path={["execution_time_sec"]}
        hint="If empty: from earlier tasks with the same image, else the default of the service."
      />
    </>
  );
}
