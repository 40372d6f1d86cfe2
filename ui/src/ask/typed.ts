// Text as it is typed beside what it stands for: it stays, with its empty lines and half-written words, until what it
// stands for is changed from elsewhere.

import { useState } from "preact/hooks";

interface Typed {
  text: string;
  /** What the text stood for when it was typed. */
  written: string;
  fault: string;
}

/** The text to show for `written`, and how to take over what is typed. */
export function useTyped(written: string) {
  const [typed, setTyped] = useState<Typed | undefined>(undefined);
  const isCurrent = typed !== undefined && typed.written === written;
  return {
    shown: isCurrent ? typed.text : written,
    fault: isCurrent ? typed.fault : "",
    /** `now` is what the text stands for. */
    type: (text: string, now: string, fault = "") => setTyped({ text, written: now, fault }),
    forget: () => setTyped(undefined),
  };
}
