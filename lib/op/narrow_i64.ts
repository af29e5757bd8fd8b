import { checkArgument, type Kind } from "../base/check_options.ts";
import { passing } from "../base/option_kinds.ts";
import { RANGE } from "../ir/dtype.ts";
import { TeError } from "../te/error.ts";

const wide: Kind<BigInt64Array | BigUint64Array> = passing(
  "a BigInt64Array or a BigUint64Array",
  (x) => x instanceof BigInt64Array || x instanceof BigUint64Array,
);

/**
 * Gives 64-bit integers as i32, which devices compute with.
 *
 * @throws {OptionError} for an array of another type
 * @throws {TeError} for an integer that i32 doesn't have; it names the first
 */
export function narrowI64(array: BigInt64Array | BigUint64Array): Int32Array<ArrayBuffer> {
  checkArgument("te.narrowI64", "array", array, wide);
  const [lowest, highest] = RANGE.i32;
  const made = new Int32Array(array.length);
  for (const [k, x] of array.entries()) {
    const value = Number(x);
    if (value < lowest || value > highest) {
      throw new TeError(
        `expected integers from ${lowest} to ${highest}, which i32 has, got ${x} at ${k}, in narrowI64`,
      );
    }
    made[k] = value;
  }
  return made;
}
