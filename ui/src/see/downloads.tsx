// The buttons that save the ranking.

import { download } from "../download";
import type { Answer } from "../model/answer";
import { toCsv, toJson } from "../model/downloads";
import { plural } from "../model/format";
import type { Ranked } from "../model/ranking";
import { rankedWeight } from "../store";
import { orderText } from "./names";

/** All combinations, whatever the table shows of them, in the order that it has by rank. */
export function Downloads({ data, order }: { data: Answer; order: Ranked }) {
  const weight = rankedWeight.value;
  const name = weight === "random" ? "ranking-random" : `ranking-weight-${weight}`;
  const title = `${plural(data.combinations.length, "combination")}, ${orderText(weight)}`;
  return (
    <>
      <button type="button" title={title} onClick={() => download(`${name}.csv`, "text/csv", toCsv(data, order, weight))}>
        CSV
      </button>
      <button
        type="button"
        title={title}
        onClick={() => download(`${name}.json`, "application/json", toJson(data, order, weight))}
      >
        JSON
      </button>
    </>
  );
}
