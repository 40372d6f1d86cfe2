// Fields of the form that edit one place of the request, and show the faults there.

import { useId, useRef } from "preact/hooks";

import { integer } from "../model/format";
import {
  at,
  type Fault,
  faultsAt,
  fromLines,
  fromSizeLines,
  itemOf,
  type Json,
  lineOfItem,
  sizeOfFault,
  toLines,
  toSizeLines,
} from "../model/request";
import { draft, edit, faults } from "../store";
import { decimalComma } from "./comma";
import { useTyped } from "./typed";

const pointerOf = (path: readonly string[]): string => path.map((key) => `/${key}`).join("");

/** The most faults that are listed at one field. */
const MOST_FAULTS = 10;

interface FaultListProps {
  id: string;
  list: Fault[];
  /** Which line a fault is about, and how to show it. */
  lines?: { indexOf: (fault: Fault) => number | undefined; show: (index: number) => void };
}

export function FaultList({ id, list, lines }: FaultListProps) {
  if (list.length === 0) return null;
  return (
    <ul class="faults" id={id}>
      {list.slice(0, MOST_FAULTS).map((fault) => {
        const index = lines?.indexOf(fault);
        return (
          <li key={fault.pointer + fault.text}>
            {index !== undefined && (
              <button type="button" class="link" onClick={() => lines?.show(index)}>
                Entry {index + 1}
              </button>
            )}{" "}
            {fault.text}
          </li>
        );
      })}
      {list.length > MOST_FAULTS && <li>And {integer(list.length - MOST_FAULTS)} more.</li>}
    </ul>
  );
}

interface FieldProps {
  label: string;
  path: string[];
  hint?: string;
}

interface NumberProps extends FieldProps {
  unit?: string;
  min?: number;
  step?: number | "any";
}

const writtenNumber = (value: Json | undefined): string =>
  typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value);

/** A number; text that is none is sent as it is, and the service says what is wrong with it. */
export function NumberField({ label, path, hint, unit, min = 0, step = "any" }: NumberProps) {
  const id = useId();
  const pointer = pointerOf(path);
  const value = at(draft.value, path);
  const list = faultsAt(faults.value, pointer);
  // As it is typed: `0.` is 0, and on its way to 0.5.
  const { shown, fault, type } = useTyped(writtenNumber(value));
  const described = [hint && `${id}-hint`, fault && `${id}-typed`, list.length > 0 && `${id}-faults`].filter(Boolean).join(" ");
  // Text can only come from elsewhere; a field for numbers would not show it.
  const isText = value !== undefined && value !== null && typeof value !== "number";
  return (
    <div class="field" data-pointer={pointer}>
      <label for={id}>
        {label}
        {unit && <span class="unit"> ({unit})</span>}
      </label>
      <input
        {...(isText ? { type: "text", list: undefined } : { type: "number", min, step, ...decimalComma })}
        id={id}
        inputMode="decimal"
        value={shown}
        aria-invalid={list.length > 0 || fault !== ""}
        data-unread={fault !== "" || undefined}
        aria-describedby={described || undefined}
        onInput={(event: { currentTarget: HTMLInputElement }) => {
          const { value: text, validity } = event.currentTarget;
          const number = text.trim() === "" ? NaN : Number(text);
          edit(path, Number.isFinite(number) ? number : text || undefined);
          // What is no number the browser shows, and keeps to itself.
          type(text, writtenNumber(at(draft.value, path)), validity.badInput ? "Not a number." : "");
        }}
      />
      {hint && <p class="hint" id={`${id}-hint`}>{hint}</p>}
      <p class="faults" id={`${id}-typed`} role="status">{fault}</p>
      <FaultList id={`${id}-faults`} list={list} />
    </div>
  );
}

interface LinesProps extends FieldProps {
  unit?: string;
  rows?: number;
  placeholder?: string;
}

interface TextLinesProps extends LinesProps {
  /** The value at the path as lines, and back. */
  write: (value: Json | undefined) => string;
  read: (text: string) => Json;
  isEmpty: (value: Json) => boolean;
  /** Which line of `text` that is not empty has the fault. */
  indexOf: (fault: Fault, pointer: string, text: string) => number | undefined;
}

/** A list, one item a line. */
export const LinesField = (props: LinesProps) => (
  <TextLines {...props} write={toLines} read={fromLines} isEmpty={(value) => Array.isArray(value) && value.length === 0} indexOf={itemOf} />
);

/** Sizes by name, one a line. */
export const SizesField = (props: LinesProps) => (
  <TextLines {...props} write={toSizeLines} read={fromSizeLines} isEmpty={(value) => Object.keys(value ?? {}).length === 0} indexOf={sizeOfFault} />
);

function TextLines({ label, path, hint, unit, rows = 3, placeholder, write, read, isEmpty, indexOf }: TextLinesProps) {
  const id = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  const pointer = pointerOf(path);
  const value = at(draft.value, path);
  const list = faultsAt(faults.value, pointer);
  const { shown, type } = useTyped(write(value));
  const show = (index: number) => {
    const line = lineOfItem(shown, index);
    const element = area.current;
    if (!element || line < 0) return;
    const lines = shown.split("\n");
    const start = lines.slice(0, line).reduce((sum, text) => sum + text.length + 1, 0);
    element.focus();
    element.setSelectionRange(start, start + (lines[line]?.length ?? 0));
    element.scrollTop = (line / lines.length) * element.scrollHeight - element.clientHeight / 2;
  };
  const count = fromLines(shown).length;
  const hints = [hint, count > 3 && `${count} entries.`].filter(Boolean).join(" ");
  const described = [hints && `${id}-hint`, list.length > 0 && `${id}-faults`].filter(Boolean).join(" ");
  return (
    <div class="field" data-pointer={pointer}>
      <label for={id}>
        {label}
        <span class="unit"> ({unit ? `${unit}, ` : ""}one a line)</span>
      </label>
      <textarea
        id={id}
        ref={area}
        rows={Math.min(Math.max(rows, shown.split("\n").length), 8)}
        wrap="off"
        spellcheck={false}
        autocapitalize="off"
        autocomplete="off"
        placeholder={placeholder}
        value={shown}
        aria-invalid={list.length > 0}
        aria-describedby={described || undefined}
        onInput={(event) => {
          const text = event.currentTarget.value;
          const next = read(text);
          // What is optional and was never there stays away.
          edit(path, isEmpty(next) && value === undefined ? undefined : next);
          type(text, write(at(draft.value, path)));
        }}
      />
      {hints && <p class="hint" id={`${id}-hint`}>{hints}</p>}
      <FaultList id={`${id}-faults`} list={list} lines={{ indexOf: (fault) => indexOf(fault, pointer, shown), show }} />
    </div>
  );
}

/** Faults that no field shows. */
export function OtherFaults({ pointers }: { pointers: readonly string[] }) {
  const list = faults.value.filter(
    ({ pointer }) => !pointers.some((known) => pointer === known || pointer.startsWith(`${known}/`)),
  );
  if (list.length === 0) return null;
  return (
    <ul class="faults" data-pointer="">
      {list.slice(0, MOST_FAULTS).map(({ pointer, text }) => (
        <li key={pointer + text}>
          {pointer && <code>{pointer}</code>} {text}
        </li>
      ))}
    </ul>
  );
}
