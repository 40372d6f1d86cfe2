// Keeps the place of those who work with the keyboard: where what has the focus is taken off the page, as Cancel is, the
// focus goes to what stands before it in the same part of the page, or to that part.

const FOCUSABLE = 'a[href], button:enabled, input:enabled, select, textarea, summary, [tabindex="0"]';
const PARTS = "form, section, main";

function partsAround(element: Element): HTMLElement[] {
  const part = element.parentElement?.closest<HTMLElement>(PARTS);
  return part ? [part, ...partsAround(part)] : [];
}

/** Watches everything in `page`. */
export function keepFocus(page: Element): void {
  /** What had the focus last, and what stands before it, nearest first. */
  let before: HTMLElement[] = [];
  let parts: HTMLElement[] = [];
  page.addEventListener("focusin", ({ target }) => {
    parts = partsAround(target as Element);
    const all = [...(parts[parts.length - 1] ?? page).querySelectorAll<HTMLElement>(FOCUSABLE)];
    const position = all.indexOf(target as HTMLElement);
    before = position < 0 ? [target as HTMLElement] : all.slice(0, position + 1).reverse();
  });
  new MutationObserver(() => {
    if (before[0] === undefined || before[0].isConnected || document.activeElement !== document.body) return;
    const part = parts.find(({ isConnected }) => isConnected);
    if (!part) return;
    const next = before.find((element) => part.contains(element) && element.checkVisibility());
    if (!next) part.tabIndex = -1;
    (next ?? part).focus({ preventScroll: true });
  }).observe(page, { childList: true, subtree: true });
}
