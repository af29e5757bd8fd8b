/** Compares results with the reference, element by element. */
import { RANGE } from "../ir/dtype.ts";
import type { TypedArray } from "../runtime/arrays.ts";

/** Tolerance by the coarsest float type that a program touches. */
const TOLERANCE = { f32: 1e-4, f16: 2e-2 } as const;

export interface Checked {
  /** Largest |result - reference| / (|reference| + rms of the reference). */
  readonly maxError: number;
  /** The first problem, if there is one. */
  readonly wrong?: string;
}

/**
 * Compares an output with its reference. A float may differ by `tolerance·(|reference| + rms)`, where rms is the root
 * mean square of the reference: rounding errors of a sum scale with its terms, not with its value. A value beyond the
 * range of f16 may be infinite there, or the largest f16. Integers must be equal. NaN is wrong where the reference has
 * none.
 */
export function checkOutput(
  name: string,
  result: TypedArray,
  reference: ArrayLike<number>,
  precision: keyof typeof TOLERANCE,
): Checked {
  const exact = !(result instanceof Float32Array || result instanceof Float16Array);
  if (result.length !== reference.length) {
    return { maxError: Infinity, wrong: `${name} has ${result.length} elements and not ${reference.length}` };
  }
  let squares = 0, finite = 0;
  for (let i = 0; i < reference.length; i++) {
    const r = reference[i] as number;
    if (Number.isFinite(r)) {
      squares += r * r;
      finite++;
    }
  }
  const rms = Math.sqrt(squares / Math.max(1, finite));
  const limit = exact ? 0 : TOLERANCE[precision];
  const most = result instanceof Float16Array ? RANGE.f16[1] * (1 - limit) : Infinity;
  let maxError = 0, wrong = 0, first = -1;
  for (let i = 0; i < reference.length; i++) {
    const r = reference[i] as number, x = result[i] as number;
    if (Object.is(x, r) || x === r || (Math.abs(r) >= most && x * Math.sign(r) >= most)) continue;
    const error = Math.abs(x - r) / (Math.abs(r) + rms);
    const bad = !(error <= limit);
    if (bad) {
      wrong++;
      if (first < 0) first = i;
    }
    maxError = Math.max(maxError, Number.isNaN(error) ? Infinity : error);
  }
  if (wrong === 0) return { maxError };
  const share = `${wrong} of ${reference.length} elements are wrong`;
  return { maxError, wrong: `${name}[${first}] is ${result[first]} and not ${reference[first]}; ${share}` };
}
