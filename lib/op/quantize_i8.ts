import { dims } from "../te/compute.ts";
import { TeError } from "../te/error.ts";
import { BYTES } from "./packed_bytes.ts";

/**
 * Packs the rows of `values` (row-major) into signed bytes, four to a u32: `scale = max|x| / 127` for each row,
 * `q = round(x / scale)`. The results are an operand of a product of i8 and its scale: u32[rows, columns/4] and
 * f32[rows].
 *
 * @throws {TeError} if `values` does not hold rows·columns elements, 4 does not divide the columns, or an element
 * is not finite
 */
export function quantizeI8(
  values: Float32Array,
  { rows, columns }: { readonly rows: number; readonly columns: number },
): { readonly q: Uint32Array; readonly scale: Float32Array } {
  dims("quantizeI8", { rows, columns });
  const asked = `cannot quantize ${values.length} values as ${rows} x ${columns} bytes`;
  if (values.length !== rows * columns) throw new TeError(`${asked}: that takes ${rows * columns}`);
  if (columns % BYTES !== 0) {
    throw new TeError(`${asked}: ${BYTES} bytes share a word; pad rows with zeros to a multiple of ${BYTES}`);
  }
  const bytes = new Int8Array(rows * columns), scale = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const of = values.subarray(row * columns, (row + 1) * columns);
    const largest = of.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    if (!Number.isFinite(largest)) {
      throw new TeError(`${asked}: row ${row} has an element that is not finite`);
    }
    // Next to the least number that f32 has, a scale would round to 0.
    const step = scale[row] = Math.fround(largest / 127);
    if (step > 0) {
      of.forEach((x, k) => bytes[row * columns + k] = Math.max(-127, Math.min(127, Math.round(x / step))));
    }
  }
  return { q: new Uint32Array(bytes.buffer), scale };
}
