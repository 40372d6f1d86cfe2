// The bearer token, which stays in memory.

import { useId } from "preact/hooks";

import { isTokenText, tokenIn } from "../model/token";
import { settings, token, tokenFaults } from "../store";
import { FaultList } from "./field";
import { useTyped } from "./typed";

export function TokenField() {
  const id = useId();
  const messages = tokenFaults.value;
  const { shown, fault, type } = useTyped(token.value);
  const described = [`${id}-hint`, fault && `${id}-typed`, messages.length > 0 && `${id}-faults`].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id}>Bearer token</label>
      <input
        id={id}
        type="password"
        autocomplete="off"
        spellcheck={false}
        value={shown}
        aria-invalid={messages.length > 0 || fault !== ""}
        data-unread={fault !== "" || undefined}
        aria-describedby={described}
        onInput={(event) => {
          const text = event.currentTarget.value;
          const next = tokenIn(text, settings.value?.token.prefix);
          const isText = isTokenText(next);
          token.value = isText ? next : "";
          type(text, token.value, isText ? "" : "A token has visible ASCII characters only.");
        }}
      />
      <p class="hint" id={`${id}-hint`}>
        Optional. It stays in the memory of this page, and the service sends it on to the TES and DRS above.
      </p>
      <p class="faults" id={`${id}-typed`} role="status">{fault}</p>
      <FaultList id={`${id}-faults`} list={messages.map((text) => ({ pointer: "", text }))} />
    </div>
  );
}
