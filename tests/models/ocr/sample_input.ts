/** Planes of drawn text, on which networks are compared. */
import { drawText } from "./draw_text.ts";
import { planesOf } from "./picture.ts";

/** Makes the input of a network: a line of text in [1, 3, height, width]. */
export function sampleInput([, , height, width]: readonly number[]): Float32Array<ArrayBuffer> {
  const picture = drawText(["Sphinx 0.5"], { width: width as number, size: 28, step: height as number });
  const box = { left: 0, top: 0, right: picture.width, bottom: picture.height };
  return planesOf(picture, box, picture, { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5] });
}
