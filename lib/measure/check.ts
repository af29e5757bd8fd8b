/** Compares results with the reference, element by element. */
import { RANGE } from "../ir/dtype.ts";
import { floatsOfBf16 } from "../ir/stored.ts";
import type { TypedArray } from "../runtime/arrays.ts";

/** Tolerance by the coarsest float type that a program touches, where the reference has no bounds. */
const TOLERANCE = { f32: 1e-4, f16: 2e-2 } as const;

/**
 * How many times its bound an element's error may be. A bound has one rounding of 2⁻²⁴ for each operation of f32 and of
 * 2⁻¹¹ for each of f16, and what WGSL promises of functions; devices lose a little more. Integers that depend on no
 * float are exact.
 */
const MARGIN = 4;

export interface Checked {
  /** Largest |result - reference| / (|reference| + rms of the reference). */
  readonly maxError: number;
  /** Largest |result - reference| / bound of a right element, where there are bounds. */
  readonly ofBound?: number;
  /** The first problem, if there is one. */
  readonly wrong?: string;
}

/** How far elements may be off: each by its own bound, or all by the tolerance of a float type. */
export type Allowed = Float64Array | keyof typeof TOLERANCE;

/**
 * Compares an output with its reference. With bounds, as `interpretBounded` gives them, an element may differ by four
 * times its own; where a bound is infinite, it is not compared. Without bounds a float may differ by
 * `tolerance·(|reference| + rms)`, where rms is the root mean square of the reference, and integers must be equal.
 * What is more than the dtype holds may come out infinite, or as the most that it holds. NaN where the reference has
 * none (poison, say) is wrong.
 */
export function checkOutput(
  name: string,
  result: TypedArray,
  reference: ArrayLike<number>,
  allowed: Allowed,
): Checked {
  if (result instanceof Uint16Array) return checkOutput(name, floatsOfBf16(result), reference, allowed);
  const exact = !(result instanceof Float32Array || result instanceof Float16Array);
  if (result.length !== reference.length) {
    const wrong = `${name} has ${result.length} elements and not ${reference.length}`;
    return { maxError: Infinity, wrong };
  }
  const rms = rmsOf(reference);
  const bounds = typeof allowed === "string" ? undefined : allowed;
  const limit = exact ? 0 : typeof allowed === "string" ? TOLERANCE[allowed] : 0;
  const half = result instanceof Float16Array;
  const most = half
    ? RANGE.f16[1] * (1 - (bounds ? 2 ** -9 : limit))
    : bounds && !exact
    ? RANGE.f32[1] * (1 - 2 ** -20)
    : Infinity;
  let maxError = 0, ofBound = 0, wrong = 0, first = -1;
  for (let i = 0; i < reference.length; i++) {
    const r = reference[i] as number, x = result[i] as number;
    if (x === r || Object.is(x, r) || (Math.abs(r) >= most && x * Math.sign(r) >= most)) continue;
    const off = Math.abs(x - r), error = off / (Math.abs(r) + rms);
    let bad: boolean;
    if (bounds) {
      const bound = bounds[i] as number;
      if (bound === Infinity) continue;
      const share = off / bound;
      bad = !(share <= MARGIN);
      if (!bad && share > ofBound) ofBound = share;
    } else bad = !(error <= limit);
    if (bad) {
      wrong++;
      if (first < 0) first = i;
    }
    maxError = Math.max(maxError, Number.isNaN(error) ? Infinity : error);
  }
  if (wrong === 0) return bounds ? { maxError, ofBound } : { maxError };
  const share = `${wrong} of ${reference.length} elements are wrong`;
  return {
    maxError,
    wrong: `${name}[${first}] is ${result[first]} and not ${reference[first]}; ${share}`,
  };
}

function rmsOf(reference: ArrayLike<number>): number {
  let squares = 0, finite = 0;
  for (let i = 0; i < reference.length; i++) {
    const r = reference[i] as number;
    if (!Number.isFinite(r)) continue;
    squares += r * r;
    finite++;
  }
  return Math.sqrt(squares / Math.max(1, finite));
}
