// Copying text, and what is told of it.

import { signal } from "@preact/signals";

export class Clipboard {
  private readonly copied = signal("");
  /** The text that could not be copied. */
  private readonly byHand = signal<{ what: string; text: string } | undefined>(undefined);
  private copies = 0;

  /** Tells nothing any more, since what was copied is not what the page shows. */
  reset(): void {
    this.copies += 1;
    this.copied.value = "";
    this.byHand.value = undefined;
  }

  /** Copies what `make` gives, if it gives something, unless something else is copied before that is done. */
  async copy(what: string, make: () => string | Promise<string | undefined>): Promise<void> {
    this.reset();
    const turn = this.copies;
    const text = await make();
    if (text === undefined) return;
    let isCopied = true;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without https there is no clipboard for pages: the text is shown to be copied by hand.
      isCopied = false;
    }
    if (turn !== this.copies) return;
    if (isCopied) this.copied.value = `${what} copied.`;
    else this.byHand.value = { what, text };
  }

  /** What became of it. */
  readonly Result = () => (
    <>
      <span class="done" role="status">{this.copied.value}</span>
      {this.byHand.value && (
        <label class="field by-hand">
          {this.byHand.value.what}, to be copied by hand
          <textarea
            class="code"
            rows={6}
            readOnly
            wrap="off"
            value={this.byHand.value.text}
            onFocus={(event) => event.currentTarget.select()}
          />
        </label>
      )}
    </>
  );
}
