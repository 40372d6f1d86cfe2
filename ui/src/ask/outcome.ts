// Brings into sight what became of a request: on a phone it is below the form, or above what was pressed.

import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";

import { failure, held, notice } from "../store";

/** Whether something is being typed in the form elsewhere than where the request was sent from. */
function isTyping(sentFrom: Element | null): boolean {
  const element = document.activeElement;
  return element !== sentFrom && (element?.matches(".ask input, .ask textarea, .ask select") ?? false);
}

const unfold = (field: HTMLElement) => field.closest("details")?.setAttribute("open", "");

function focusField(field: HTMLElement): void {
  unfold(field);
  field.focus();
  // With what is told below it.
  field.closest(".field")?.scrollIntoView({ block: "nearest" });
}

/** The results come into sight where they begin in the lower half of the screen or below. */
export function showResults(sentFrom: Element | null): void {
  const results = document.getElementById("results");
  if (!results || isTyping(sentFrom)) return;
  if (results.getBoundingClientRect().top > innerHeight / 2) results.scrollIntoView();
}

/**
 * After a failure the focus goes to the first field with a fault, or to the token that is missing, if it is still where
 * the form was sent from; otherwise what failed comes into sight. After an attempt to send or copy text that cannot be
 * read, the focus goes there.
 */
export function useOutcome(sentFrom: RefObject<Element | null>): void {
  const [failed, attempts, told] = [failure.value, held.value, notice.value];
  useEffect(() => {
    if (failed === undefined) return;
    const from = sentFrom.current;
    sentFrom.current = null;
    const fields = document.querySelectorAll<HTMLElement>('.ask [aria-invalid="true"]');
    for (const field of fields) unfold(field);
    if (isTyping(from)) return;
    if (fields[0] && document.activeElement === from) focusField(fields[0]);
    else document.querySelector(".failure")?.scrollIntoView({ block: "nearest" });
  }, [failed]);
  useEffect(() => {
    const field = document.querySelector<HTMLElement>(".ask [data-unread]");
    if (attempts > 0 && field) focusField(field);
  }, [attempts]);
  useEffect(() => {
    if (told?.isError) document.querySelector(".ask .note.error")?.scrollIntoView({ block: "nearest" });
  }, [told]);
}
