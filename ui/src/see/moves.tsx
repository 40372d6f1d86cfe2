// The transfers of the selected combination, with the price and the rate of each.

import { useMemo, useState } from "preact/hooks";

import type { Answer, Combination } from "../model/answer";
import { bytes, duration, money, number, plural } from "../model/format";
import { readable } from "../model/readable";
import { known } from "./names";
import { type Move, movesOf } from "./transfers";

const CHARGES: Record<string, string> = {
  "same-host": "same host",
  "same-region": "within a region",
  "inter-region": "between regions",
  internet: "internet egress",
  "free-network": "free network",
  distance: "by distance",
  override: "set by the operator",
  unknown: "price unknown",
};

const LIMITS: Record<string, string> = {
  pair: "measured between the two",
  "round-trip": "the round trip",
  site: "the link of the TES",
  store: "the link of the store",
  override: "set by the operator",
  class: "its kind of store",
};

const BILLED: Record<string, string> = { owner: "billed to the owner of the data", nobody: "billed to nobody" };

export function Transfers({ data, current }: { data: Answer; current: Combination }) {
  const [most, setMost] = useState(10);
  const moves = useMemo(() => movesOf(current, data.request), [current, data]);
  if (!current.transfers || moves.length === 0) return null;
  return (
    <>
      <h3 id="transfers-title">Transfers</h3>
      <div class="scroll" tabIndex={0} role="region" aria-labelledby="transfers-title">
        <table class="transfers">
          <thead>
            <tr>
              <th scope="col">Object</th>
              <th scope="col">Per GB</th>
              <th scope="col">Cost</th>
              <th scope="col">Time</th>
            </tr>
          </thead>
          <tbody>{moves.slice(0, most).map((move) => <Row key={move.id} move={move} currency={data.currency} />)}</tbody>
        </table>
      </div>
      {moves.length > most && (
        <button type="button" class="link" onClick={() => setMost(most + 100)}>
          {plural(moves.length - most, "more object")}
        </button>
      )}
    </>
  );
}

const sizeText = ({ bytes: size, isExact }: Move): string =>
  size === undefined ? "" : `${isExact ? "" : "about "}${bytes(size)} `;

function priceText({ pricePerGb, priceCurrency }: Move, currency: string): string {
  if (pricePerGb === undefined) return "–";
  return pricePerGb === 0 ? "free" : money(pricePerGb, priceCurrency ?? currency);
}

function Row({ move, currency }: { move: Move; currency: string }) {
  const basis = [
    known(CHARGES, move.chargedAs) ?? move.chargedAs,
    move.isVerified === false && move.chargedAs !== "same-host" ? "not verified" : undefined,
    move.billedTo === "caller" ? undefined : (known(BILLED, move.billedTo) ?? (move.billedTo && `billed to ${move.billedTo}`)),
  ].filter(Boolean);
  const limit = move.limitedBy && `limited by ${known(LIMITS, move.limitedBy) ?? move.limitedBy}`;
  const rate = move.rateMbps === undefined ? undefined : `${number(move.rateMbps, 0)} Mbit/s`;
  return (
    <tr>
      <th scope="row">
        <span class="object">{move.id}</span>
        <small>{sizeText(move)}from {readable(move.source)}</small>
      </th>
      <td class="number">
        {priceText(move, currency)}
        <small>{basis.join(", ")}</small>
      </td>
      <td class="number">{move.cost === undefined ? "–" : money(move.cost, currency)}</td>
      <td class="number">
        {move.seconds === undefined ? "–" : duration(move.seconds)}
        <small>{[rate, limit].filter(Boolean).join(", ")}</small>
      </td>
    </tr>
  );
}
