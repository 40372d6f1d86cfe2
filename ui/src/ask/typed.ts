// Text as it is typed beside what it stands for: it stays, with its empty lines and half-written words, until what it
// stands for is changed from elsewhere.

import { useLayoutEffect, useState } from "preact/hooks";

import { markUnread } from "../store";

interface Typed {
  text: string;
  /** What the text stood for when it was typed. */
  written: string;
  fault: string;
}

/** The text to show for `written`, and how to take over what is typed. While it has a fault, nothing is sent. */
export function useTyped(written: string) {
  const [typed, setTyped] = useState<Typed | undefined>(undefined);
  const isCurrent = typed !== undefined && typed.written === written;
  const fault = isCurrent ? typed.fault : "";
  useLayoutEffect(() => (fault === "" ? undefined : markUnread()), [fault]);
  return {
    shown: isCurrent ? typed.text : written,
    fault,
    /** `now` is what the text stands for. */
    type: (text: string, now: string, fault = "") => setTyped({ text, written: now, fault }),
    forget: () => setTyped(undefined),
  };
}
