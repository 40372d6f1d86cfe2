// The request to take elsewhere: a link, curl, the console, Python.

import { signal } from "@preact/signals";

import { asCommand, asCurl, asPython, type Call } from "../model/copy";
import { root } from "../model/service";
import { body, kind, link, notice, settings, token } from "../store";

const copied = signal("");

async function write(what: string, text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    copied.value = `${what} copied.`;
  } catch {
    // Without https there is no clipboard for pages: the text is shown to be copied by hand.
    copied.value = "";
    shown.value = { what, text };
  }
}

const shown = signal<{ what: string; text: string } | undefined>(undefined);

const call = (): Call => ({
  body: body.value,
  kind: kind.value,
  root: root(),
  token: token.value ? (settings.value?.token ?? { header: "Authorization", prefix: "Bearer" }) : undefined,
});

async function copyLink(): Promise<void> {
  const { href, dropped } = await link(body.value);
  await write("Link", href);
  if (dropped.length === 0) return;
  const most = 4;
  const more = dropped.length > most ? ` and ${dropped.length - most} more` : "";
  notice.value = {
    text: `The link leaves out what may be secret: ${dropped.slice(0, most).join(", ")}${more}.`,
    isError: false,
  };
}

export function CopyButtons() {
  const as = (what: string, format: (call: Call) => string) => {
    copied.value = "";
    shown.value = undefined;
    void write(what, format(call()));
  };
  return (
    <div class="copies" role="group" aria-label="Copy the request">
      <span class="label">Copy as</span>
      <button type="button" onClick={() => void copyLink()}>link</button>
      <button type="button" onClick={() => as("curl", asCurl)}>curl</button>
      <button type="button" onClick={() => as("Command line", asCommand)}>command line</button>
      <button type="button" onClick={() => as("Python", asPython)}>Python</button>
      <span class="done" role="status">{copied.value}</span>
      {shown.value && (
        <label class="field by-hand">
          {shown.value.what}, to be copied by hand
          <textarea class="code" rows={6} readOnly wrap="off" value={shown.value.text} onFocus={(event) => event.currentTarget.select()} />
        </label>
      )}
    </div>
  );
}
