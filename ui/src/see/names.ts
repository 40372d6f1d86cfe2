// How the page calls the TES of the answer, and the words of the answer.

import { computed } from "@preact/signals";

import type { Weight } from "../model/answer";
import { number, shortNames } from "../model/format";
import { readable } from "../model/readable";
import { answer } from "../store";

/** A short name for each TES of the answer. */
export const tesNames = computed(() => shortNames(answer.value?.tes ?? []).map(readable));

export const tesName = (tes: number): string => tesNames.value[tes] ?? "";

/** What the combinations are ordered by. */
export const orderText = (weight: Weight): string =>
  weight === "random" ? "random order" : `weight of time ${number(weight, 6)}`;

/** The text for a word of the answer; others are not looked up in what every object has. */
export const known = (texts: Record<string, string>, word: string | undefined): string | undefined =>
  word !== undefined && Object.hasOwn(texts, word) ? texts[word] : undefined;
