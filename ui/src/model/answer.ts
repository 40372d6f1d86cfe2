// The answer of the service as the page uses it. All but the fields of 0.2 are optional: an older service, or a request
// without `explain`, leaves them out.

import { flagOf, numberOf, numbersOf, property, textOf, textsOf } from "./read";
import { isObject, type JsonObject } from "./request";

export interface Queue {
  signal?: string;
  started?: number;
  waiting?: number;
  median_sec?: number;
  oldest_waiting_sec?: number;
}

export interface Execution {
  source?: string;
  speed?: number;
  tries?: number;
}

export interface Coordinates {
  latitude: number;
  longitude: number;
}

/** What is known of where a host is; it may be its provider alone. */
export interface HostPlace extends Partial<Coordinates> {
  city?: string;
  source?: string;
  provider?: string;
  region?: string;
  network?: string;
  approximate?: boolean;
}

export type Place = HostPlace & Coordinates;

/** The places of an answer that can be on a map; a host may be called as what every object has. */
export const located = (places: Record<string, HostPlace>): Record<string, Place> =>
  Object.assign(
    Object.create(null),
    Object.fromEntries(
      Object.entries(places).filter(([, place]) => place.latitude !== undefined && place.longitude !== undefined),
    ),
  );

export interface ProblemEntry {
  reason: string;
  message: string[];
}

const COST_PARTS = ["compute", "storage", "transfer", "billed_to_others"] as const;
const TIME_PARTS = ["queue", "execution", "transfer"] as const;

/** One combination, with what the page sorts and draws by. */
export interface Combination {
  /** Its position in the answer, which identifies it. */
  index: number;
  /** The position of its TES among those of the answer. */
  tes: number;
  tesUri: string;
  cost: number;
  seconds: number;
  score: number | undefined;
  /** Whether no other combination is at least as good in both and better in one; unknown if the answer does not tell. */
  isPareto: boolean | undefined;
  costParts: Partial<Record<(typeof COST_PARTS)[number], number>> | undefined;
  timeParts: Partial<Record<(typeof TIME_PARTS)[number], number>> | undefined;
  offer: string | undefined;
  queue: Queue | undefined;
  execution: Execution | undefined;
  /** The access URI of each object, as it was sent: there may be a million of them, which are read when they are shown. */
  uris: JsonObject;
  /** By object, as they were sent. */
  transfers: unknown;
  distances: unknown;
  /** The task for this combination, ready to be posted to its TES. */
  task: JsonObject | undefined;
}

export interface Means {
  cost: number;
  seconds: number;
}

export interface Answer {
  /** As it was sent, to be downloaded. */
  raw: unknown;
  /** What was asked. */
  request: JsonObject;
  combinations: Combination[];
  /** The TES that are ranked, in the order of the request as far as that is known. */
  tes: string[];
  currency: string;
  /** Set if the answer has every combination, and so every other weight can be ranked without asking again. */
  means: Means | undefined;
  /** The means that the answer states, also if it is not whole. */
  statedMeans: Means | undefined;
  spaceSize: bigint | undefined;
  warnings: string[];
  assumptions: string[];
  /** Absent if the answer tells no places. */
  places: Record<string, HostPlace> | undefined;
  /** The weight that the answer was ranked with. */
  weight: Weight;
}

/** How much time counts against cost, from 0 to 1, or a random order. */
export type Weight = number | "random";

/** A body of status 200 that is no ranking: something else answers in the place of the service. */
export class NotARanking extends Error {}

/** An amount of money, by itself or with its currency. */
export const amountOf = (value: unknown): number | undefined => numberOf(isObject(value) ? value.amount : value);

function readCombination(value: unknown, index: number): { combination: Omit<Combination, "tes">; currency: string } {
  const uris = property(value, "access_uris");
  const tesUri = textOf(property(uris, "tes_uri"));
  const estimate = property(value, "cost_estimate");
  const cost = numberOf(property(estimate, "amount"));
  const currency = textOf(property(estimate, "currency"));
  const seconds = numberOf(property(value, "time_estimate"));
  const isWhole = isObject(uris) && tesUri !== undefined && cost !== undefined && currency !== undefined && seconds !== undefined;
  if (!isWhole) throw new NotARanking();
  const queue = property(value, "queue");
  const execution = property(value, "execution");
  const task = property(value, "task");
  const combination = {
    index,
    tesUri,
    cost,
    seconds,
    score: numberOf(property(value, "score")),
    isPareto: flagOf(property(value, "pareto_optimal")),
    costParts: numbersOf(property(value, "cost_breakdown"), COST_PARTS),
    timeParts: numbersOf(property(value, "time_breakdown"), TIME_PARTS),
    offer: textOf(property(value, "offer")),
    queue: isObject(queue)
      ? { signal: textOf(queue.signal), ...numbersOf(queue, ["started", "waiting", "median_sec", "oldest_waiting_sec"]) }
      : undefined,
    execution: isObject(execution)
      ? { source: textOf(execution.source), ...numbersOf(execution, ["speed", "tries"]) }
      : undefined,
    uris,
    transfers: property(value, "transfers"),
    distances: property(value, "distances"),
    task: isObject(task) ? task : undefined,
  };
  return { combination, currency };
}

function readPlaces(value: unknown): Record<string, HostPlace> | undefined {
  if (!isObject(value)) return undefined;
  return Object.fromEntries(
    Object.entries(value).filter(([, place]) => isObject(place)).map(([host, place]) => {
      const text = (key: string) => textOf(property(place, key));
      const [latitude, longitude] = [numberOf(property(place, "latitude")), numberOf(property(place, "longitude"))];
      const isOnEarth =
        latitude !== undefined && longitude !== undefined && Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180;
      return [host, {
        ...(isOnEarth ? { latitude, longitude } : {}),
        city: text("city"),
        source: text("source"),
        provider: text("provider"),
        region: text("region"),
        network: text("network"),
        approximate: flagOf(property(place, "approximate")),
      }];
    }),
  );
}

/** Reads the `body` of an answer to this `request`, ranked with this `weight`. */
export function readAnswer(body: unknown, request: JsonObject, weight: Weight): Answer {
  const list = property(body, "service_combinations");
  if (!Array.isArray(list)) throw new NotARanking();
  const read = list.map(readCombination);
  const seen = new Set(read.map(({ combination }) => combination.tesUri));
  const tes = [...new Set([...textsOf(request.tes_uris).filter((uri) => seen.has(uri)), ...seen])];
  const position = new Map(tes.map((uri, index) => [uri, index]));
  const combinations = read.map(({ combination }) => ({ ...combination, tes: position.get(combination.tesUri) ?? 0 }));
  const size = String(property(body, "space_size") ?? "");
  const spaceSize = /^\d{1,4000}$/.test(size) ? BigInt(size) : undefined;
  const means = property(body, "means");
  const [cost, seconds] = [amountOf(property(means, "cost")), numberOf(property(means, "time"))];
  const statedMeans = cost !== undefined && seconds !== undefined ? { cost, seconds } : undefined;
  const whole = spaceSize === BigInt(combinations.length) ? statedMeans : undefined;
  const proven = spaceSize === undefined && weight !== "random" ? provenMeans(combinations, tes, weight) : undefined;
  return {
    raw: body,
    request,
    combinations,
    tes,
    currency: read[0]?.currency ?? "EUR",
    means: weight === "random" ? undefined : (whole ?? proven),
    statedMeans,
    spaceSize,
    warnings: textsOf(property(body, "warnings")),
    assumptions: textsOf(property(body, "assumptions")),
    places: readPlaces(property(body, "places")),
    weight,
  };
}

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * The means of an answer without `space_size` and `means`, if the scores prove that it lists every combination: they
 * follow from the means of the whole space, so those of a part of it would give others.
 */
function provenMeans(combinations: Combination[], tes: string[], weight: number): Means | undefined {
  if (weight <= 0 || weight >= 1 || combinations.length === 0) return undefined;
  const byTes = tes.map((_, index) => combinations.filter((one) => one.tes === index));
  const cost = mean(byTes.map((list) => mean(list.map((one) => one.cost))));
  const seconds = mean(byTes.map((list) => mean(list.map((one) => one.seconds))));
  const proves = combinations.every((one) => {
    const expected = weight * (seconds > 0 ? one.seconds / seconds : 0) + (1 - weight) * (cost > 0 ? one.cost / cost : 0);
    return one.score !== undefined && Math.abs(one.score - expected) <= 1e-9 * Math.max(1, expected);
  });
  return proves ? { cost, seconds } : undefined;
}

/** The access URI of each object of a combination. */
export const objectsOf = ({ uris }: Combination): [string, string][] =>
  Object.entries(uris).filter((entry): entry is [string, string] => entry[0] !== "tes_uri" && typeof entry[1] === "string");

/** Whether two combinations are the same TES with the same copies. */
export const isSameCombination = (a: Combination, b: Combination): boolean =>
  a.tesUri === b.tesUri && JSON.stringify(a.uris) === JSON.stringify(b.uris);
