// The request as text, in step with the form both ways.

import { useId, useState } from "preact/hooks";

import { isObject, isTask } from "../model/request";
import { body, replaceBody } from "../store";
import { takeTask } from "./task";

export function JsonView() {
  const id = useId();
  const written = JSON.stringify(body.value, null, 2);
  // What is being typed, until the focus leaves it and it is valid; otherwise the request as it is.
  const [typed, setTyped] = useState<string | undefined>(undefined);
  const [fault, setFault] = useState("");
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
          value={typed ?? written}
          aria-invalid={fault !== ""}
          aria-describedby={`${id}-fault`}
          onBlur={() => {
            if (fault === "") setTyped(undefined);
          }}
          onInput={(event) => {
            const next = event.currentTarget.value;
            setTyped(next);
            try {
              const value: unknown = JSON.parse(next);
              if (isTask(value)) takeTask(next, "the text");
              else if (isObject(value)) replaceBody(value);
              else throw new TypeError("a request is an object");
              setFault("");
            } catch (error) {
              setFault((error as Error).message);
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
