// Reads values of JSON from elsewhere: a number in a string is a number, `null` is absent, and what has another type
// than it should is unknown. One odd field never hides what stands beside it.

import { isObject } from "./request";

/** A finite number. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === "string" && /^\s*-?\d/.test(value)) return numberOf(Number(value));
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

export const textOf = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

export const flagOf = (value: unknown): boolean | undefined => (typeof value === "boolean" ? value : undefined);

/** The property `key` of `value` itself, not of what every object has. */
export const property = (value: unknown, key: string): unknown =>
  isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;

export const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.map((item) => (typeof item === "string" ? item : JSON.stringify(item))) : [];

/** The numbers of `value` under `keys`; none if it has none of them. */
export function numbersOf<K extends string>(value: unknown, keys: readonly K[]): Partial<Record<K, number>> | undefined {
  const found = keys.flatMap((key) => {
    const number = numberOf(property(value, key));
    return number === undefined ? [] : [[key, number] as const];
  });
  return found.length > 0 ? (Object.fromEntries(found) as Partial<Record<K, number>>) : undefined;
}
