// How the page calls the TES of the answer, and the words of the answer.

import { computed } from "@preact/signals";

import { shortNames } from "../model/format";
import { answer } from "../store";

/** A short name for each TES of the answer. */
export const tesNames = computed(() => shortNames(answer.value?.tes ?? []));

export const tesName = (tes: number): string => tesNames.value[tes] ?? "";

/** The text for a word of the answer; others are not looked up in what every object has. */
export const known = (texts: Record<string, string>, word: string | undefined): string | undefined =>
  word !== undefined && Object.hasOwn(texts, word) ? texts[word] : undefined;
