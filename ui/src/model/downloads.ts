// The ranking as it is shown, to be saved: as CSV (RFC 4180), and as JSON in the shape of the answer.

import { type Answer, objectsOf, type Weight } from "./answer";
import type { Ranked } from "./ranking";
import { property, textOf } from "./read";
import { isObject } from "./request";

/** A field. Text that a spreadsheet would run as a formula gets an apostrophe in front, as OWASP advises. */
function field(value: string | number | boolean | undefined): string {
  if (typeof value === "number") return String(value);
  const text = String(value ?? "");
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** The ranking for the weight `mode`. */
export function toCsv(answer: Answer, { order, scores }: Ranked, mode: Weight): string {
  const first = order[0];
  const objects = first ? objectsOf(first).map(([id]) => id) : [];
  const header = [
    "rank",
    "tes_uri",
    "cost",
    "currency",
    "cost_compute",
    "cost_storage",
    "cost_transfer",
    "time_sec",
    "time_queue_sec",
    "time_execution_sec",
    "time_transfer_sec",
    "score",
    "pareto_optimal",
    "mode",
    ...objects,
  ];
  const rows = order.map((combination, position) => {
    const { costParts: costs, timeParts: times } = combination;
    return [
      position + 1,
      combination.tesUri,
      combination.cost,
      answer.currency,
      costs?.compute,
      costs?.storage,
      costs?.transfer,
      combination.seconds,
      times?.queue,
      times?.execution,
      times?.transfer,
      scores[combination.index],
      combination.isPareto,
      mode,
      ...objects.map((id) => textOf(property(combination.uris, id))),
    ];
  });
  return [header, ...rows].map((row) => `${row.map(field).join(",")}\r\n`).join("");
}

/** The answer with its combinations in the order of the ranking for the weight `mode`, which it then has, too. */
export function toJson({ raw }: Answer, { order, scores }: Ranked, mode: Weight): string {
  const list = property(raw, "service_combinations");
  const combinations = order.map(({ index }, position) => {
    const one: unknown = Array.isArray(list) ? list[index] : undefined;
    const score = scores[index];
    return { ...(isObject(one) ? one : {}), rank: position + 1, ...(score === undefined ? {} : { score }) };
  });
  const answer = { ...(isObject(raw) ? raw : {}), mode, service_combinations: combinations };
  return `${JSON.stringify(answer, null, 2)}\n`;
}
