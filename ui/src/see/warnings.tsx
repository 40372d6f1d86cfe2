// What went wrong without stopping the ranking, and the TES that are left out.

import type { ComponentChild } from "preact";
import { useState } from "preact/hooks";

import { integer, plural } from "../model/format";
import { readable } from "../model/readable";

/** Warnings of one kind: what stands before the first colon. */
interface Group {
  kind: string;
  texts: string[];
}

/** `text` with a capital letter, if it begins with a word, and not with a name or a URL. */
const asSentence = (text: string): string => text.replace(/^[a-z]+(?= )/, (word) => word.charAt(0).toUpperCase() + word.slice(1));

function groupsOf(warnings: readonly string[]): Group[] {
  const groups = new Map<string, string[]>();
  for (const warning of warnings) {
    const match = /^([A-Z][A-Za-z -]{2,40}): (.*)$/s.exec(warning);
    const kind = match?.[1] ?? "Note";
    groups.set(kind, [...(groups.get(kind) ?? []), match?.[2] === undefined ? warning : asSentence(match[2])]);
  }
  return [...groups].map(([kind, texts]) => ({ kind, texts }));
}

/** `text` with what it quotes set as code, as it is. Nothing of it is ever markup. */
export function Quoted({ text }: { text: string }) {
  const parts = text.split(/'([^'\n]{1,400})'/);
  return (
    <>
      {parts.map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : readable(part)))}
    </>
  );
}

/** A few at first: what is ranked is below. */
function List({ items }: { items: ComponentChild[] }) {
  const [most, setMost] = useState(5);
  return (
    <ul>
      {items.slice(0, most).map((item, index) => <li key={index}>{item}</li>)}
      {items.length > most && (
        <li>
          <button type="button" class="link" onClick={() => setMost(items.length)}>{integer(items.length - most)} more</button>
        </li>
      )}
    </ul>
  );
}

/** The TES of `requested` that no combination has, with the warning that names each. */
export function excludedOf(requested: readonly string[], listed: readonly string[], warnings: readonly string[]) {
  const bare = (uri: string) => uri.replace(/\/+$/, "");
  const there = new Set(listed.map(bare));
  return [...new Set(requested)]
    .filter((uri) => !there.has(bare(uri)))
    .map((uri) => ({ uri, reason: warnings.find((text) => text.includes(bare(uri))) }));
}

interface WarningsProps {
  warnings: readonly string[];
  requested: readonly string[];
  listed: readonly string[];
  isWhole: boolean;
}

export function Warnings({ warnings, requested, listed, isWhole }: WarningsProps) {
  const excluded = excludedOf(requested, listed, warnings);
  const reasons = new Set(excluded.map(({ reason }) => reason));
  const groups = groupsOf(warnings.filter((text) => !reasons.has(text)));
  if (groups.length === 0 && excluded.length === 0) return null;
  return (
    <section class="panel warnings" aria-labelledby="warnings-title">
      <h2 id="warnings-title">
        <span class="sign" aria-hidden="true">!</span>{" "}
        {warnings.length > 0 ? plural(warnings.length, "warning") : "Not ranked"}
      </h2>
      {excluded.length > 0 && (
        <div class="excluded">
          {warnings.length > 0 && <h3>Not ranked</h3>}
          <List
            items={excluded.map(({ uri, reason }) =>
              reason ? (
                <Quoted text={reason} />
              ) : (
                <>
                  <code>{uri}</code> {isWhole ? "is in no combination." : "is in none of the listed combinations."}
                </>
              ),
            )}
          />
        </div>
      )}
      {groups.map(({ kind, texts }) => (
        <div key={kind}>
          <h3>{kind}</h3>
          <List items={texts.map((text) => <Quoted text={text} />)} />
        </div>
      ))}
    </section>
  );
}
