// The answer of the service as it is sent, and as the page uses it. All but the fields of 0.2 are optional: an older
// service, or a request without `explain`, leaves them out.

export interface Amount {
  amount: number;
  currency: string;
}

export interface Transfer {
  from?: string;
  to?: string;
  access_id?: string;
  price_per_gb?: Amount;
  charged_as?: string;
  billed_to?: string;
  price_source?: string;
  verified?: boolean;
  cost?: number | Amount;
  rate_mbps?: number;
  limited_by?: string;
  seconds?: number;
  size_bytes?: number;
}

export interface Distance {
  km: number;
  from: string;
  to: string;
  source: string;
}

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

/** What is known of where a host is; it may be its provider alone. */
export interface HostPlace extends Partial<Coordinates> {
  city?: string;
  source?: string;
  provider?: string;
  region?: string;
  network?: string;
  approximate?: boolean;
}

export interface Coordinates {
  latitude: number;
  longitude: number;
}

export type Place = HostPlace & Coordinates;

/** The places of an answer that can be on a map. */
export const located = (places: Record<string, HostPlace>): Record<string, Place> =>
  Object.fromEntries(
    Object.entries(places).filter(
      (entry): entry is [string, Place] => Number.isFinite(entry[1].latitude) && Number.isFinite(entry[1].longitude),
    ),
  );

export interface ServiceCombination {
  rank: number;
  access_uris: Record<string, string>;
  cost_estimate: Amount;
  time_estimate: number;
  score?: number;
  cost_breakdown?: { compute?: number; storage?: number; transfer?: number; billed_to_others?: number };
  time_breakdown?: { queue?: number; execution?: number; transfer?: number };
  pareto_optimal?: boolean;
  distances?: Record<string, Distance>;
  offer?: string;
  queue?: Queue;
  execution?: Execution;
  transfers?: Record<string, Transfer>;
}

export interface RankResponse {
  service_combinations: ServiceCombination[];
  warnings: string[];
  places?: Record<string, HostPlace>;
  assumptions?: string[];
  space_size?: string;
  means?: { cost?: number | Amount; time?: number };
  task?: unknown;
}

export interface ProblemEntry {
  reason: string;
  message: string[];
}

/** One combination, with what the page sorts and draws by. */
export interface Combination {
  /** Its position in the answer, which identifies it. */
  index: number;
  /** The position of its TES among those of the answer. */
  tes: number;
  cost: number;
  seconds: number;
  raw: ServiceCombination;
}

export interface Means {
  cost: number;
  seconds: number;
}

export interface Answer {
  raw: RankResponse;
  combinations: Combination[];
  /** The TES that are ranked, in the order of the request as far as that is known. */
  tes: string[];
  currency: string;
  /** Set if the answer has every combination, and so every other weight can be ranked without asking again. */
  means: Means | undefined;
  spaceSize: bigint | undefined;
  /** The weight that the answer was ranked with. */
  weight: Weight;
}

/** How much time counts against cost, from 0 to 1, or a random order. */
export type Weight = number | "random";

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A body of status 200 that is no ranking: something else answers in the place of the service. */
export class NotARanking extends Error {}

function checkCombination(value: unknown): asserts value is ServiceCombination {
  const known =
    isRecord(value) &&
    isRecord(value.access_uris) &&
    typeof value.access_uris.tes_uri === "string" &&
    isRecord(value.cost_estimate) &&
    Number.isFinite(value.cost_estimate.amount) &&
    typeof value.cost_estimate.currency === "string" &&
    Number.isFinite(value.time_estimate);
  if (!known) throw new NotARanking();
}

/** `amount` as a number, however it is given. */
export const amountOf = (amount: number | Amount | undefined): number | undefined =>
  typeof amount === "object" ? amount.amount : amount;

/** Reads the `body` of an answer to a request with these `tesUris` and this `weight`. */
export function readAnswer(body: unknown, tesUris: readonly string[], weight: Weight): Answer {
  if (!isRecord(body) || !Array.isArray(body.service_combinations)) throw new NotARanking();
  const list: unknown[] = body.service_combinations;
  const warnings = Array.isArray(body.warnings) ? body.warnings.map(String) : [];
  const raw: RankResponse = { ...(body as unknown as RankResponse), warnings };
  const seen = new Set<string>();
  for (const item of list) {
    checkCombination(item);
    seen.add(item.access_uris.tes_uri ?? "");
  }
  const listed = tesUris.filter((uri) => seen.has(uri));
  const tes = [...new Set([...listed, ...seen])];
  const position = new Map(tes.map((uri, index) => [uri, index]));
  const combinations = (list as ServiceCombination[]).map((raw, index) => ({
    index,
    tes: position.get(raw.access_uris.tes_uri ?? "") ?? 0,
    cost: raw.cost_estimate.amount,
    seconds: raw.time_estimate,
    raw,
  }));
  const spaceSize = /^\d+$/.test(raw.space_size ?? "") ? BigInt(raw.space_size ?? "") : undefined;
  const cost = amountOf(raw.means?.cost);
  const seconds = raw.means?.time;
  const whole = spaceSize === BigInt(combinations.length) && cost !== undefined && seconds !== undefined;
  const stated = whole ? { cost, seconds } : undefined;
  return {
    raw,
    combinations,
    tes,
    currency: combinations[0]?.raw.cost_estimate.currency ?? "EUR",
    means: weight === "random" ? undefined : (stated ?? (spaceSize === undefined ? provenMeans(combinations, tes, weight) : undefined)),
    spaceSize,
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
    return one.raw.score !== undefined && Math.abs(one.raw.score - expected) <= 1e-9 * Math.max(1, expected);
  });
  return proves ? { cost, seconds } : undefined;
}

/** The access URI of each object of a combination. */
export const objectsOf = (combination: Combination): [string, string][] =>
  Object.entries(combination.raw.access_uris).filter(([id]) => id !== "tes_uri");
