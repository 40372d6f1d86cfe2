// What a combination moves from where, by source, as far as the answer tells.

import { amountOf, type Answer, type Combination, objectsOf } from "../model/answer";
import { host } from "../model/format";
import { flagOf, numberOf, property, textOf } from "../model/read";
import { isObject, type JsonObject } from "../model/request";

export interface Move {
  id: string;
  /** The host of the copy. */
  from: string;
  /** The same, with what the answer tells of its network. */
  source: string;
  to: string;
  bytes: number | undefined;
  /** Whether the answer, or the caller, tells the size; otherwise it follows from rate and time. */
  isExact: boolean;
  pricePerGb: number | undefined;
  priceCurrency: string | undefined;
  chargedAs: string | undefined;
  billedTo: string | undefined;
  isVerified: boolean | undefined;
  cost: number | undefined;
  seconds: number | undefined;
  rateMbps: number | undefined;
  limitedBy: string | undefined;
  km: number | undefined;
}

/** Of one source. */
export interface Source {
  from: string;
  moves: Move[];
  bytes: number | undefined;
  isExact: boolean;
  /** The price that all of its moves have, or the highest of them. */
  pricePerGb: number | undefined;
  priceCurrency: string | undefined;
}

function sizeOf(combination: Combination, transfer: unknown, id: string, request: JsonObject): Pick<Move, "bytes" | "isExact"> {
  const told =
    numberOf(property(transfer, "size_bytes")) ??
    numberOf(property(request.object_sizes, id)) ??
    numberOf(property(request.sizes, id));
  if (told !== undefined) return { bytes: told, isExact: true };
  const [rate, seconds] = [numberOf(property(transfer, "rate_mbps")), numberOf(property(transfer, "seconds"))];
  // Tries that fail move the data again, and are in the figures of the answer.
  const tries = combination.execution?.tries ?? 1;
  return { bytes: rate && seconds ? (seconds * rate * 125_000) / tries : undefined, isExact: false };
}

/** The host of an end of a transfer, behind which may stand what is known of its network. */
export const hostOf = (end: string | undefined): string | undefined => end?.split(/[ ,(]/)[0];

export function movesOf(combination: Combination, request: JsonObject): Move[] {
  const tes = host(combination.tesUri);
  return objectsOf(combination).map(([id, uri]) => {
    const transfer = property(combination.transfers, id);
    const distance = property(combination.distances, id);
    const text = (key: string) => textOf(property(transfer, key));
    const price = property(transfer, "price_per_gb");
    const from = textOf(property(distance, "from"));
    return {
      id,
      from: from ?? hostOf(text("from")) ?? host(uri),
      source: text("from") ?? from ?? host(uri),
      to: textOf(property(distance, "to")) ?? hostOf(text("to")) ?? tes,
      ...sizeOf(combination, transfer, id, request),
      pricePerGb: amountOf(price),
      priceCurrency: textOf(property(price, "currency")),
      chargedAs: text("charged_as"),
      billedTo: text("billed_to"),
      isVerified: flagOf(property(transfer, "verified")),
      cost: amountOf(property(transfer, "cost")),
      seconds: numberOf(property(transfer, "seconds")),
      rateMbps: numberOf(property(transfer, "rate_mbps")),
      limitedBy: text("limited_by"),
      km: numberOf(property(distance, "km")),
    };
  });
}

const sum = (values: (number | undefined)[]): number | undefined =>
  values.every((value) => value !== undefined) ? values.reduce<number>((a, b) => a + (b ?? 0), 0) : undefined;

export function sourcesOf(moves: Move[]): Source[] {
  const bySource = new Map<string, Move[]>();
  for (const move of moves) {
    const list = bySource.get(move.from);
    if (list) list.push(move);
    else bySource.set(move.from, [move]);
  }
  return [...bySource].map(([from, list]) => {
    const priced = list.filter((move) => move.pricePerGb !== undefined);
    const highest = priced.reduce<Move | undefined>(
      (most, move) => ((move.pricePerGb ?? 0) >= (most?.pricePerGb ?? -1) ? move : most),
      undefined,
    );
    return {
      from,
      moves: list,
      bytes: sum(list.map((move) => move.bytes)),
      isExact: list.every((move) => move.isExact),
      pricePerGb: highest?.pricePerGb,
      priceCurrency: highest?.priceCurrency,
    };
  });
}

/** The highest price per GB of all that is listed: what the colours of all lines are relative to. */
export function highestPrice({ combinations }: Answer): number {
  let highest = 0;
  for (const { transfers } of combinations) {
    for (const transfer of Object.values(isObject(transfers) ? transfers : {})) {
      highest = Math.max(highest, amountOf(property(transfer, "price_per_gb")) ?? 0);
    }
  }
  return highest;
}

/** How a price per GB is drawn: 0 is free, then three classes up to the `most` that there is; none if it is not known. */
export function priceClass(price: number | undefined, most: number): 0 | 1 | 2 | 3 | undefined {
  if (price === undefined) return undefined;
  if (price <= 0) return 0;
  return price <= most / 3 ? 1 : price <= (2 * most) / 3 ? 2 : 3;
}
