// The decimal comma. Fields for numbers take the separator of the browser's own language and drop the other one in
// silence, so that 2,5 would be 25 for whoever reads figures with a comma in a browser that speaks English.

import { decimalSeparator } from "../model/format";

const insert = (text: string) => document.execCommand("insertText", false, text);

/** What is inserted by the browser comes as an event `input`, and only then. */
function isTaken(input: HTMLInputElement, text: string): boolean {
  let isInserted = false;
  const listen = () => (isInserted = true);
  input.addEventListener("input", listen);
  insert(text);
  input.removeEventListener("input", listen);
  return isInserted;
}

type On<E extends Event> = E & { currentTarget: HTMLInputElement };

/** For a field of numbers: a comma is typed and pasted as what the field has in its place. */
export const decimalComma =
  decimalSeparator === ","
    ? {
        onBeforeInput: (event: On<InputEvent>) => {
          if (event.data !== "," || !event.isTrusted) return;
          event.preventDefault();
          if (!isTaken(event.currentTarget, ",")) insert(".");
        },
        onPaste: (event: On<ClipboardEvent>) => {
          const text = event.clipboardData?.getData("text/plain").trim() ?? "";
          if (!/^-?\d+,\d+$/.test(text)) return;
          event.preventDefault();
          const [whole = "", fraction = ""] = text.split(",");
          insert(whole);
          if (!isTaken(event.currentTarget, ",")) insert(".");
          insert(fraction);
        },
      }
    : {};
