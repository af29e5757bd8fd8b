/**
 * What a device may lose, operation by operation. Each function gives a bound of a result's absolute error, from the
 * result and its operands in doubles, the operands' own bounds, and the unit `u` of its dtype. The units are what WGSL
 * promises (section 15.7.4, Floating Point Accuracy); a unit in the last place is 2u.
 */

/** Half of a unit in the last place, relative: the error of one rounding. */
export const UNIT = { f32: 2 ** -24, f16: 2 ** -11 } as const;

/** The least normal number: what is smaller may be flushed to zero. */
export const LEAST = { f32: 2 ** -126, f16: 2 ** -14 } as const;

/** Relative roundings of a quotient: 2.5 units in the last place. */
export const DIVISION = 5;

/**
 * Roundings of the terms of a sum, for each term relative to itself: as a random walk has them. The order of a sum is
 * free, so its partial sums are bounded by the sum of the terms' magnitudes.
 */
export function roundingsOfSum(terms: number): number {
  return Math.min(terms, 8 + 2 * Math.sqrt(terms));
}

/**
 * In a sum of more terms, a term that equals the one before adds a quarter of a rounding of the partial sum: the
 * roundings of equal terms have one sign, and are no random walk.
 */
export const LONG_SUM = 512;

/** What exp is held at: above the largest f32, and far from where doubles end. */
const OVERFLOWN = 1e200;

/** The bounds of functions, and what helps to write them. */
export const ERROR_BOUNDS = {
  /** `v = a + b` or `a - b`, where both have bounds. `most` is the largest number of the dtype. */
  sum(v: number, a: number, ea: number, b: number, eb: number, u: number, most: number): number {
    // What is infinite on the device has no difference.
    return Math.abs(a) > most && Math.abs(b) > most ? Infinity : ea + eb + u * Math.abs(v);
  },
  mul(a: number, ea: number, b: number, eb: number, u: number, most: number): number {
    const x = Math.abs(a), y = Math.abs(b);
    // Infinity times what may be zero.
    if ((x > most && y < 1) || (y > most && x < 1)) return Infinity;
    return (x === 0 && ea === 0) || (y === 0 && eb === 0) ? 0 : x * eb + y * ea + ea * eb + u * x * y;
  },
  div(v: number, a: number, ea: number, b: number, eb: number, u: number, most: number): number {
    const x = Math.abs(a), y = Math.abs(b);
    if (x > most && y > most) return Infinity;
    const least = y - eb;
    // WGSL leaves open what a division by zero gives.
    if (!(least > 0)) return Infinity;
    return y > most ? (x + ea) / most : (ea + Math.abs(v) * eb) / least + DIVISION * u * Math.abs(v);
  },
  /** `min` or `max`: that of the operand that is taken. */
  extreme(v: number, a: number, ea: number, b: number, eb: number): number {
    if (v !== v) return Infinity;
    return Math.abs(a - b) > ea + eb ? (v === a ? ea : eb) : Math.max(ea, eb);
  },
  /** A comparison: 1 if it could come out otherwise. */
  unsure(a: number, ea: number, b: number, eb: number): number {
    return Math.abs(a - b) > ea + eb || (ea === 0 && eb === 0) ? 0 : 1;
  },
  /** `cond ? a : b`. */
  select(cond: boolean, unsure: number, a: number, ea: number, b: number, eb: number): number {
    if (unsure === 0) return cond ? ea : eb;
    const e = Math.max(ea, eb) + Math.abs(a - b);
    return e === e ? e : Infinity;
  },
  /** A step function: by how much it differs at either end. */
  step(v: number, e: number, low: number, high: number): number {
    if (e === 0) return 0;
    const d = Math.max(Math.abs(high - v), Math.abs(v - low));
    return d === d ? d : Infinity;
  },
  /** Whether an operation on bits has operands that may differ. */
  any(...bounds: readonly number[]): number {
    return bounds.some((e) => e !== 0) ? Infinity : 0;
  },
  held(v: number): number {
    return Math.min(v, OVERFLOWN);
  },
  exp(v: number, x: number, ex: number, u: number): number {
    const own = (6 + 4 * Math.min(Math.abs(x), 200)) * u * v;
    if (ex < 0.01) return v * Math.expm1(ex) + own;
    // Above 100 it is infinite in f32 whatever its argument's error.
    return x - ex > 100 ? 0.5 * v : Math.exp(x + ex) - v + own;
  },
  /** The power of the exponent's integer part is exact, and that of the rest has an error below 6 units in the last place. */
  exp2(v: number, x: number, ex: number, u: number): number {
    const own = 14 * u * v;
    if (ex < 0.01) return v * Math.expm1(ex * Math.LN2) + own;
    return x - ex > 140 ? 0.5 * v : 2 ** (x + ex) - v + own;
  },
  log2(v: number, x: number, ex: number, u: number): number {
    if (ex >= x) return x < -ex ? NaN : Infinity;
    // In f32 it is as accurate around 1 as elsewhere.
    return -Math.log1p(-ex / x) / Math.LN2 + 12 * u * Math.abs(v);
  },
  log(v: number, x: number, ex: number, u: number): number {
    if (ex >= x) return x < -ex ? NaN : Infinity;
    // An absolute error of 2⁻²¹ around 1, and of 2⁻⁷ in f16.
    return -Math.log1p(-ex / x) + 6 * u * Math.abs(v) + (x > 0.4 && x < 2.1 ? (u < 1e-5 ? 8 : 16) * u : 0);
  },
  sqrt(v: number, x: number, ex: number, u: number): number {
    if (x < ex) return x < -ex ? NaN : Infinity;
    return v - Math.sqrt(x - ex) + 10 * u * v;
  },
  rsqrt(v: number, x: number, ex: number, u: number): number {
    if (x <= ex) return x < -ex ? NaN : Infinity;
    return 1 / Math.sqrt(x - ex) - v + 4 * u * v;
  },
  /** sin and cos: their argument may be reduced with the precision of its dtype only. */
  wave(x: number, ex: number, u: number): number {
    return Math.min(2, ex + (8 + 4 * Math.abs(x)) * u);
  },
  /** Its slope is the steepest at the end of the interval that is nearer to 0. */
  atan(v: number, x: number, ex: number, u: number): number {
    const least = Math.max(0, Math.abs(x) - ex);
    return Math.min(Math.PI, ex / (1 + least * least)) + 10 * u * Math.abs(v);
  },
  tanh(v: number, ex: number, u: number): number {
    return Math.min(2, ex + 16 * u + 16 * u * Math.abs(v));
  },
  /** By Abramowitz and Stegun's 7.1.26: 1.5e-7, and what its terms lose. */
  erf(ex: number, u: number): number {
    return Math.min(2, ex * 1.13 + 5e-7 + 16 * u);
  },
  pow(v: number, x: number, ex: number, y: number, ey: number, u: number): number {
    const a = Math.abs(x), rel = ex / a;
    if (ex > 0 && !(rel < 0.5)) return Infinity;
    const log = a > 0 ? Math.abs(Math.log(a)) : 0;
    const exponent = Math.abs(y) * (2 * rel || 0) + log * ey + (16 + 16 * Math.abs(y) * log) * u;
    return Math.abs(v) * Math.expm1(exponent);
  },
} as const;
