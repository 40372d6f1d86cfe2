// How wide text is in the drawings.

const canvas = document.createElement("canvas").getContext("2d");

/** In pixels, at this weight of the font. */
export function widthOf(text: string, weight = 400): number {
  if (!canvas) return text.length * 7;
  canvas.font = `${weight} 12px system-ui, sans-serif`;
  return canvas.measureText(text).width;
}
