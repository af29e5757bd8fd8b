import { checkArgument, checkOptions, type Fields } from "../base/check_options.ts";
import { instanceOf, required } from "../base/option_kinds.ts";
import { TeError } from "../te/error.ts";
import { extent } from "./kinds.ts";
import { BYTES } from "./packed_bytes.ts";

/** The options of {@linkcode quantizeI8}. */
export interface QuantizeI8Options {
  /** Rows of the values. */
  readonly rows: number;
  /** Elements of a row; 4 divides them. */
  readonly columns: number;
}
const OPTIONS = { rows: required(extent), columns: required(extent) } satisfies Fields<QuantizeI8Options>;

/** The result of {@linkcode quantizeI8}. */
export interface QuantizedI8 {
  /** The bytes, four to a word: u32[rows, columns/4]. */
  readonly q: Uint32Array;
  /** The scale of each row: f32[rows]. */
  readonly scale: Float32Array;
}

/**
 * Packs the rows of `values` into signed bytes, four to a u32: `scale = max|x| / 127` for each row,
 * `q = round(x / scale)`. The results are an operand of a product of i8 and its scale.
 *
 * @param values [rows, columns], row by row
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 * @throws {TeError} if `values` doesn't hold rows·columns elements, 4 doesn't divide the columns, or an element isn't
 * finite
 */
export function quantizeI8(values: Float32Array, options: QuantizeI8Options): QuantizedI8 {
  checkArgument("te.quantizeI8", "values", values, instanceOf(Float32Array));
  checkOptions("te.quantizeI8", options, OPTIONS);
  const { rows, columns } = options, asked = `${rows} x ${columns} bytes, in quantizeI8`;
  if (values.length !== rows * columns) {
    throw new TeError(`expected ${rows * columns} values, got ${values.length}, for ${asked}`);
  }
  if (columns % BYTES !== 0) {
    throw new TeError(
      `expected columns that ${BYTES} divides, because ${BYTES} bytes share a word, got ${columns}, for ${asked}; pad ` +
        `rows with zeros to a multiple of ${BYTES}`,
    );
  }
  const bytes = new Int8Array(rows * columns), scale = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const of = values.subarray(row * columns, (row + 1) * columns);
    const largest = of.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    if (!Number.isFinite(largest)) {
      throw new TeError(`expected finite values, got one that isn't in row ${row}, for ${asked}`);
    }
    // Next to the least number that f32 has, a scale would round to 0.
    const step = scale[row] = Math.fround(largest / 127);
    if (step > 0) {
      of.forEach((x, k) => bytes[row * columns + k] = Math.max(-127, Math.min(127, Math.round(x / step))));
    }
  }
  return { q: new Uint32Array(bytes.buffer), scale };
}
