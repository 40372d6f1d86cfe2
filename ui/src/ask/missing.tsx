// What the link that the request is from left out of it, for as long as it is missing.

import { missing, lacking } from "../store";

/** The most places that are named. */
const MOST = 20;

/** The places of what is missing, as text. */
export const placesOf = (pointers: readonly string[], most = MOST): string => {
  const more = pointers.length > most ? ` and ${pointers.length - most} more` : "";
  return `${pointers.slice(0, most).join(", ")}${more}`;
};

export function Missing() {
  const pointers = lacking.value;
  if (pointers.length === 0) return null;
  return (
    <div class="note missing" role="group" aria-label="Missing">
      <p>The link left out what may be secret: <code>{placesOf(pointers)}</code>. Fill it in, or rank without it.</p>
      <button type="button" onClick={() => (missing.value = [])}>Nothing is missing</button>
    </div>
  );
}
