// The request to take elsewhere: a link, curl, the console, Python.

import { effect } from "@preact/signals";

import { link } from "../entry";
import { Clipboard } from "../clipboard";
import { asCommand } from "../model/command";
import { asCurl, asPython, type Call } from "../model/copy";
import { DEFAULT_TOKEN, root } from "../model/service";
import { body, isReadable, kind, lacking, notice, settings, token } from "../store";
import { placesOf } from "./missing";

const clipboard = new Clipboard();

effect(() => {
  void body.value;
  clipboard.reset();
});

const call = (): Call => ({
  body: body.value,
  kind: kind.value,
  missing: lacking.value,
  root: root(),
  token: token.value ? (settings.value?.token ?? DEFAULT_TOKEN) : undefined,
});

async function makeLink(): Promise<string | undefined> {
  let found: Awaited<ReturnType<typeof link>>;
  try {
    found = await link();
  } catch {
    notice.value = { text: "The request is too large for a link. Copy it as curl, or as JSON.", isError: true };
    return undefined;
  }
  const { href, dropped } = found;
  if (dropped.length > 0) {
    notice.value = { text: `The link leaves out what may be secret: ${placesOf(dropped, 4)}.`, isError: false };
  }
  return href;
}

export function CopyButtons() {
  const copy = (what: string, make: () => string | Promise<string | undefined>) => {
    if (isReadable()) void clipboard.copy(what, make);
  };
  const as = (what: string, format: (call: Call) => string) => copy(what, () => format(call()));
  return (
    <div class="copies" role="group" aria-label="Copy the request">
      <span class="label">Copy as</span>
      <button type="button" onClick={() => copy("Link", makeLink)}>link</button>
      <button type="button" onClick={() => as("curl", asCurl)}>curl</button>
      <button type="button" onClick={() => as("Command line", asCommand)}>command line</button>
      <button type="button" onClick={() => as("Python", asPython)}>Python</button>
      <clipboard.Result />
    </div>
  );
}
