// How the page calls the TES of the answer.

import { computed } from "@preact/signals";

import { shortNames } from "../model/format";
import { answer } from "../store";

/** A short name for each TES of the answer. */
export const tesNames = computed(() => shortNames(answer.value?.tes ?? []));

export const tesName = (tes: number): string => tesNames.value[tes] ?? "";
