// The mark of a TES: a colour and a shape, so that neither is needed alone.

import {
  symbol,
  symbolCircle,
  symbolCross,
  symbolDiamond,
  symbolSquare,
  symbolStar,
  symbolTriangle,
  symbolWye,
} from "d3-shape";

/** Names of shapes as Observable Plot knows them; seven, so that with eight colours 56 TES have marks of their own. */
export const SHAPES = ["circle", "square", "triangle", "diamond", "star", "cross", "wye"] as const;
const TYPES = [symbolCircle, symbolSquare, symbolTriangle, symbolDiamond, symbolStar, symbolCross, symbolWye];
const COLOURS = 8;

export const shapeOf = (tes: number): (typeof SHAPES)[number] => SHAPES[tes % SHAPES.length] ?? "circle";

export const colourOf = (tes: number): string => `var(--tes-${tes % COLOURS})`;

/** The outline of the shape of `tes`, around 0, with this area. */
export const outline = (tes: number, area: number): string =>
  symbol(TYPES[tes % TYPES.length], area)() ?? "";

export function Mark({ tes }: { tes: number }) {
  return (
    <svg class="mark" width="14" height="14" viewBox="-7 -7 14 14" aria-hidden="true">
      <path d={outline(tes, 64)} fill={colourOf(tes)} />
    </svg>
  );
}
