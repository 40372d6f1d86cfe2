// Answers of the service for what a demonstration does not show: made here, in the shape of the interface.

const mean = (list) => list.reduce((a, b) => a + b, 0) / list.length;

/** Ranks `combinations` of cost, seconds and TES with `weight`, as the service does. */
function ranking(combinations, weight, more = {}) {
  const byTes = Object.values(Object.groupBy?.(combinations, ({ tes }) => tes) ?? group(combinations));
  const means = {
    cost: mean(byTes.map((list) => mean(list.map(({ cost }) => cost)))),
    time: mean(byTes.map((list) => mean(list.map(({ seconds }) => seconds)))),
  };
  const term = (value, mean) => (mean > 0 ? value / mean : 0);
  const scored = combinations.map((one) => ({
    ...one,
    score: weight * term(one.seconds, means.time) + (1 - weight) * term(one.cost, means.cost),
  }));
  scored.sort((a, b) => a.score - b.score || a.cost - b.cost || a.seconds - b.seconds);
  const dominated = (one) =>
    scored.some((other) => other.cost <= one.cost && other.seconds <= one.seconds && (other.cost < one.cost || other.seconds < one.seconds));
  return {
    service_combinations: scored.map(({ tes, uris, cost, seconds, score, raw = {} }, index) => ({
      rank: index + 1,
      access_uris: { ...uris, tes_uri: tes },
      cost_estimate: { amount: cost, currency: "EUR" },
      time_estimate: seconds,
      score,
      cost_breakdown: { compute: cost * 0.6, storage: cost * 0.1, transfer: cost * 0.3 },
      time_breakdown: { queue: seconds * 0.3, execution: seconds * 0.6, transfer: seconds * 0.1 },
      pareto_optimal: !dominated({ cost, seconds }),
      ...raw,
    })),
    warnings: [],
    space_size: String(combinations.length),
    means,
    ...more,
  };
}

function group(list) {
  const groups = {};
  for (const one of list) (groups[one.tes] ??= []).push(one);
  return groups;
}

const SITES = [
  { host: "funnel.aws-frankfurt.example", latitude: 50.11, longitude: 8.68, city: "Frankfurt", provider: "aws", region: "eu-central-1", cost: 6.4, seconds: 8100 },
  { host: "tes.hpc-basel.example", latitude: 47.56, longitude: 7.59, city: "Basel", network: "academic", cost: 1.1, seconds: 41_000 },
  { host: "tesk.csc-helsinki.example", latitude: 60.17, longitude: 24.94, city: "Helsinki", network: "academic", cost: 1.9, seconds: 16_800 },
  { host: "batch.gcp-iowa.example", latitude: 41.26, longitude: -95.86, provider: "gcp", region: "us-central1", cost: 4.2, seconds: 11_600 },
];
const COPIES = [
  { host: "s3.eu-central-1.amazonaws.com", latitude: 50.11, longitude: 8.68, price: 0.09, region: "eu-central-1", provider: "aws" },
  { host: "ftp.ebi.ac.uk", latitude: 52.08, longitude: 0.19, price: 0, network: "academic" },
  { host: "mirror.example.jp", latitude: 34.69, longitude: 135.5, price: 0.14, approximate: true },
];
const GB = { "HG00096.cram": 15.2, "GRCh38.fa": 3.1 };

/** An explained answer with everything that may be in one: four TES, two objects of three copies each. */
export function explained(weight = 0.5) {
  const combinations = SITES.flatMap((site) =>
    COPIES.flatMap((first) =>
      COPIES.map((second) => {
        const choice = { "HG00096.cram": first, "GRCh38.fa": second };
        const tries = site.host.startsWith("batch") ? 1.25 : 1;
        const transfers = Object.fromEntries(
          Object.entries(choice).map(([id, copy]) => {
            const sameRegion = copy.region !== undefined && copy.region === site.region;
            const price = sameRegion ? 0 : copy.price;
            const rate = copy.host.startsWith("ftp") ? 160 : copy.host.startsWith("mirror") ? 90 : 1200;
            return [id, {
              from: copy.network ? `${copy.host} (${copy.network})` : copy.host,
              to: site.host,
              access_id: `copy-${copy.host.split(".")[0]}`,
              price_per_gb: { amount: price, currency: "USD" },
              charged_as: sameRegion ? "same-region" : price === 0 ? "free-network" : "internet",
              billed_to: copy.network ? "nobody" : "owner",
              price_source: "https://prices.example/",
              verified: !copy.approximate,
              cost: price * GB[id] * 0.86 * tries,
              rate_mbps: rate,
              limited_by: copy.host.startsWith("ftp") ? "class" : "round-trip",
              seconds: ((GB[id] * 8000) / rate) * tries,
            }];
          }),
        );
        const moved = Object.values(transfers);
        const transfer = moved.reduce((sum, { cost }) => sum + cost, 0);
        const transferSeconds = moved.reduce((sum, { seconds }) => sum + seconds, 0);
        const [compute, storage] = [site.cost * 0.9, site.cost * 0.1];
        const [queue, execution] = [site.seconds * 0.4, site.seconds * 0.6];
        return {
          tes: `https://${site.host}/ga4gh/tes/v1/`,
          uris: Object.fromEntries(Object.entries(choice).map(([id, copy]) => [id, `https://${copy.host}/${id}`])),
          cost: compute + storage + transfer,
          seconds: queue + execution + transferSeconds,
          raw: {
            cost_breakdown: { compute, storage, transfer, billed_to_others: transfer },
            time_breakdown: { queue, execution, transfer: transferSeconds },
            offer: site.network ? "price-book" : "task-info",
            queue: site.network
              ? { signal: "history", started: 50, waiting: 12, median_sec: queue, oldest_waiting_sec: queue * 1.4 }
              : { signal: "task-info" },
            execution: { source: "request", speed: site.network ? 1.2 : 1, tries },
            transfers,
            distances: Object.fromEntries(
              Object.entries(choice).map(([id, copy]) => [id, { km: 700, from: copy.host, to: site.host, source: "region" }]),
            ),
          },
        };
      }),
    ),
  );
  const places = Object.fromEntries([...SITES, ...COPIES].map(({ host, latitude, longitude, city, provider, region, network, approximate }) => [
    host,
    { latitude, longitude, source: region ? "region" : "override", city, provider, region, network, approximate },
  ]));
  // Of some hosts the provider is known, and no coordinates.
  places["bucket.example"] = { provider: "aws", source: "domain" };
  return ranking(combinations, weight, {
    places: JSON.parse(JSON.stringify(places)),
    assumptions: [
      "Storage at tes.hpc-basel.example costs nothing: its price-book entry has no unit_costs.data_storage.",
      "The price of egress from mirror.example.jp is that of the first row of its provider and not verified.",
    ],
    warnings: [
      "TES unavailable: 'https://tes.offline.example/' did not answer within 2 s.",
      "TES excluded: 'https://tes.full.example/' has a price in XYZ, which has no rate; exchange_rates.rates can set it.",
      "Size unknown: no DRS gives the size of object 'GRCh38.fa'; 0 bytes are assumed (drs.missing_size).",
    ],
  });
}

/** The request to [`explained`]. */
export const explainedRequest = {
  tes_uris: [...SITES.map(({ host }) => `https://${host}/ga4gh/tes/v1/`), "https://tes.offline.example/", "https://tes.full.example/"],
  drs_uris: ["https://drs.example/"],
  object_ids: Object.keys(GB),
  mode: 0.5,
  resource_requirements: { cpu_cores: 16, ram_gb: 64, disk_gb: 200, execution_time_sec: 7200, preemptible: true, zones: [] },
  explain: true,
};

/** As large as answers get: a thousand combinations of a thousand objects. */
export function huge() {
  let state = 7;
  const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const ids = Array.from({ length: 1000 }, (_, index) => `o${index}`);
  const combinations = Array.from({ length: 1000 }, (_, index) => ({
    tes: `https://tes-${index % 20}.example/`,
    uris: Object.fromEntries(ids.map((id) => [id, `https://h${Math.floor(next() * 9)}.example/${id}`])),
    cost: 1 + (index % 20) * 0.4 + next() * 2,
    seconds: 20_000 - (index % 20) * 700 + next() * 3000,
  }));
  const answer = ranking(combinations, 0.5);
  answer.places = Object.fromEntries([
    ...Array.from({ length: 20 }, (_, index) => [`tes-${index}.example`, { latitude: 35 + index, longitude: -90 + 10 * index, source: "database" }]),
    ...Array.from({ length: 9 }, (_, index) => [`h${index}.example`, { latitude: 60 - 5 * index, longitude: 20 * index - 90, source: "database" }]),
  ]);
  return answer;
}

const one = (tes, cost, seconds, uris = {}) => ({ tes, cost, seconds, uris });

export const oneSite = () => ranking([one("https://tes.example/", 1, 60, { a: "https://x.example/a" })], 0.5);
export const noObjects = () => ranking([one("https://a.example/", 1, 600), one("https://b.example/", 2, 60)], 0.5);
export const equalSites = () => ranking([one("https://a.example/", 1, 60), one("https://b.example/", 1, 60), one("https://c.example/", 1, 60)], 0.5);
export const nothing = () => ({ service_combinations: [], warnings: ["Limit reached: nothing."], space_size: "0" });

/** As an answer of 0.2 is: no score, no breakdown, no warnings, nothing about the space. */
export const old = () => ({
  service_combinations: noObjects().service_combinations.map(({ rank, access_uris, cost_estimate, time_estimate }) => ({
    rank, access_uris, cost_estimate, time_estimate,
  })),
});

/** Numbers in strings, nulls, and other types than there should be. */
export function odd() {
  const answer = noObjects();
  const [first, second] = answer.service_combinations;
  first.cost_estimate.amount = "1";
  first.time_estimate = "600";
  Object.assign(first, { score: "NaN", pareto_optimal: "yes", cost_breakdown: null, time_breakdown: [1], queue: 7, execution: "fast" });
  Object.assign(first, { transfers: { x: null, constructor: "y" }, distances: [null], offer: {}, task: [] });
  Object.assign(second, { cost_breakdown: { compute: {}, storage: "1", transfer: null }, queue: { started: "3", signal: null } });
  Object.assign(answer, { warnings: [null, { a: 1 }, 3, "x"], assumptions: "none", places: { a: null, b: 3, "a.example": { latitude: "x" } } });
  Object.assign(answer, { space_size: 2, means: { cost: { amount: "1.5" }, time: "330" } });
  return answer;
}

/** A part of a larger space: other weights have to be asked for. */
export function part(weight) {
  const answer = noObjects();
  answer.space_size = "7300000000000000000";
  if (weight > 0.5) answer.service_combinations.reverse().forEach((one, index) => (one.rank = index + 1));
  return answer;
}

/** What services could write to be taken for markup or code. */
export function hostile() {
  const text = `"><img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;
  const answer = ranking([one(`javascript:document.title='owned'//${text}`, 1, 60, { [text]: `javascript:${text}`, "__proto__x": text })], 0.5);
  answer.warnings = [`${text}: 'quoted ${text}'`, "'", "''"];
  answer.assumptions = [text];
  answer.places = { [text]: { latitude: 1, longitude: 2, city: text, source: text } };
  answer.service_combinations[0].offer = "constructor";
  answer.service_combinations[0].queue = { signal: text };
  return answer;
}

export const problem = (code, reason, ...messages) => ({
  code,
  errors: messages.map((message) => ({ reason, message: [message].flat() })),
  message: "The request caused an error.",
});
