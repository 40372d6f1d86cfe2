// How much time counts against cost: a slider with a number beside it, or a random order.

import { useId } from "preact/hooks";

import { number } from "../model/format";
import { faultsAt } from "../model/request";
import { faults, setWeight, weight } from "../store";
import { decimalComma } from "./comma";
import { FaultList } from "./field";

export function WeightControl() {
  const id = useId();
  const value = weight.value;
  const isRandom = value === "random";
  const shown = isRandom ? 0.5 : value;
  const list = faultsAt(faults.value, "/mode");
  const change = (event: Event & { currentTarget: HTMLInputElement }) => {
    const next = event.currentTarget.valueAsNumber;
    const within = Number.isFinite(next) ? Math.min(1, Math.max(0, next)) : shown;
    // Also where that changes nothing, and so nothing is rendered.
    event.currentTarget.value = String(within);
    if (within !== value) setWeight(within);
  };
  const meaning =
    shown === 0
      ? "cost only"
      : shown === 1
        ? "time only"
        : `${number(shown * 100, 1)} percent time, ${number((1 - shown) * 100, 1)} percent cost`;
  return (
    <div class="weight" data-pointer="/mode" role="group" aria-labelledby={`${id}-label`}>
      <div class="weight-head">
        <span id={`${id}-label`} class="label">What counts</span>
        <label class="check">
          <input type="checkbox" checked={isRandom} onChange={(event) => setWeight(event.currentTarget.checked ? "random" : 0.5)} />
          random order
        </label>
      </div>
      <div class="weight-row">
        <span aria-hidden="true">cost</span>
        <input
          type="range"
          min="0"
          max="1"
          step="0.01"
          value={shown}
          disabled={isRandom}
          aria-label="Weight of time against cost"
          aria-valuetext={meaning}
          onInput={change}
        />
        <span aria-hidden="true">time</span>
        <input
          type="number"
          min="0"
          max="1"
          step="0.05"
          value={shown}
          disabled={isRandom}
          aria-label="Weight of time, from 0 to 1"
          {...decimalComma}
          aria-invalid={list.length > 0}
          aria-describedby={list.length > 0 ? `${id}-faults` : undefined}
          onChange={change}
        />
      </div>
      <FaultList id={`${id}-faults`} list={list} />
    </div>
  );
}
