// The task as it is to be posted to the TES of the selected combination.

import { effect } from "@preact/signals";

import { Clipboard } from "../clipboard";
import { download } from "../download";
import { asTaskCurl } from "../model/copy";
import { placesOf } from "../ask/missing";
import { answeredWithout, selected, token } from "../store";
import { tesName } from "./names";

const clipboard = new Clipboard();

effect(() => {
  void selected.value;
  clipboard.reset();
});

export function RewrittenTask() {
  const { task, tesUri, tes } = selected.value ?? {};
  if (!task || tesUri === undefined || tes === undefined) return null;
  const without = answeredWithout.value;
  if (without.length > 0) {
    return (
      <p class="note">
        The task is not whole, so it is not offered to be posted: the link left out <code>{placesOf(without)}</code>. Fill
        it in, and rank again.
      </p>
    );
  }
  return (
    <div class="rewritten" role="group" aria-label="The task to post">
      <p>The task with the chosen access URIs, ready to be posted to {tesName(tes)}. This page does not post it.</p>
      <div class="buttons">
        <button type="button" onClick={() => download("task.json", "application/json", `${JSON.stringify(task, null, 2)}\n`)}>
          Download task
        </button>
        <button type="button" onClick={() => void clipboard.copy("curl", () => asTaskCurl(task, tesUri, token.value !== ""))}>
          Copy as curl
        </button>
        <clipboard.Result />
      </div>
    </div>
  );
}
