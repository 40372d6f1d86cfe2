// The ranking as CSV (RFC 4180).

import type { Answer } from "./answer";
import { objectsOf } from "./answer";
import type { Ranked } from "./ranking";
import { property, textOf } from "./read";

/** A field. Text that a spreadsheet would run as a formula gets an apostrophe in front, as OWASP advises. */
function field(value: string | number | boolean | undefined): string {
  if (typeof value === "number") return String(value);
  const text = String(value ?? "");
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function toCsv(answer: Answer, { order, scores }: Ranked): string {
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
      ...objects.map((id) => textOf(property(combination.uris, id))),
    ];
  });
  return [header, ...rows].map((row) => `${row.map(field).join(",")}\r\n`).join("");
}
