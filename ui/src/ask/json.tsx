// The request as text, in step with the form both ways.

import { useId } from "preact/hooks";

import { isObject, isTask, parseJson } from "../model/request";
import { body, missing, replaceBody } from "../store";
import { takeTask } from "./task";
import { useTyped } from "./typed";

const writtenBody = (): string => JSON.stringify(body.value, null, 2);

export function JsonView() {
  const id = useId();
  const { shown, fault, type, forget } = useTyped(writtenBody());
  return (
    <details class="json">
      <summary>Request as JSON</summary>
      <div class="field">
        <label class="visually-hidden" for={id}>Request as JSON</label>
        <textarea
          id={id}
          class="code"
          rows={14}
          wrap="off"
          spellcheck={false}
          value={shown}
          aria-invalid={fault !== ""}
          data-unread={fault !== "" || undefined}
          aria-describedby={`${id}-fault`}
          onBlur={() => {
            if (fault === "") forget();
          }}
          onInput={(event) => {
            const next = event.currentTarget.value;
            try {
              const value = parseJson(next);
              if (isTask(value)) takeTask(next, "the text");
              else if (isObject(value)) replaceBody(value, missing.value);
              else throw new TypeError("a request is an object");
              type(next, writtenBody());
            } catch (error) {
              type(next, writtenBody(), (error as Error).message);
            }
          }}
        />
        <p class="faults" id={`${id}-fault`} role="status">
          {fault && `Not valid yet, the form has the last valid one: ${fault}`}
        </p>
      </div>
    </details>
  );
}
