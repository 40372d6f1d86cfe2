// What a combination moves from where, by source, as far as the answer tells.

import { amountOf, type Combination, objectsOf } from "../model/answer";
import { host } from "../model/format";
import { at, isObject, type JsonObject } from "../model/request";

export interface Move {
  id: string;
  /** The host of the copy. */
  from: string;
  /** The same, with what the answer tells of its network. */
  source: string;
  to: string;
  /** As the answer tells, else as it follows from rate and time, or from price and cost. */
  bytes: number | undefined;
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
  /** The price that all of its moves have, or the highest of them. */
  pricePerGb: number | undefined;
  priceCurrency: string | undefined;
}

function sizeOf(combination: Combination, id: string, request: JsonObject): number | undefined {
  const transfer = combination.raw.transfers?.[id];
  const known = transfer?.size_bytes ?? at(request, ["object_sizes", id]) ?? at(request, ["sizes", id]);
  if (typeof known === "number") return known;
  if (!transfer) return undefined;
  // Tries that fail move the data again, and are in the figures of the answer.
  const tries = combination.raw.execution?.tries ?? 1;
  if (transfer.rate_mbps && transfer.seconds) return (transfer.seconds * transfer.rate_mbps * 125_000) / tries;
  return undefined;
}

/** The host of an end of a transfer, behind which may stand what is known of its network. */
export const hostOf = (end: string | undefined): string | undefined => end?.split(/[ ,(]/)[0];

export function movesOf(combination: Combination, request: JsonObject): Move[] {
  const { raw } = combination;
  const tes = host(raw.access_uris.tes_uri ?? "");
  return objectsOf(combination).map(([id, uri]) => {
    const transfer = isObject(raw.transfers) ? raw.transfers[id] : undefined;
    const distance = raw.distances?.[id];
    return {
      id,
      from: distance?.from ?? hostOf(transfer?.from) ?? host(uri),
      source: transfer?.from ?? distance?.from ?? host(uri),
      to: distance?.to ?? hostOf(transfer?.to) ?? tes,
      bytes: sizeOf(combination, id, request),
      pricePerGb: transfer?.price_per_gb?.amount,
      priceCurrency: transfer?.price_per_gb?.currency,
      chargedAs: transfer?.charged_as,
      billedTo: transfer?.billed_to,
      isVerified: transfer?.verified,
      cost: amountOf(transfer?.cost),
      seconds: transfer?.seconds,
      rateMbps: transfer?.rate_mbps,
      limitedBy: transfer?.limited_by,
      km: distance?.km,
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
      pricePerGb: highest?.pricePerGb,
      priceCurrency: highest?.priceCurrency,
    };
  });
}

/** How a price per GB is drawn: 0 is free, then three classes up to the highest in sight; none if it is not known. */
export function priceClass(price: number | undefined, most: number): 0 | 1 | 2 | 3 | undefined {
  if (price === undefined) return undefined;
  if (price <= 0) return 0;
  return price <= most / 3 ? 1 : price <= (2 * most) / 3 ? 2 : 3;
}
