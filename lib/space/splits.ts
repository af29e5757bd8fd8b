/** The factors that a loop may be split into. */
import { SpaceError } from "./error.ts";
import type { Factors, PartCount, SplitOptions } from "./knobs.ts";

/**
 * Lists the tuples of inner factors (outermost first, `parts - 1` long) that `options` allow, in lexicographic order.
 * `factors`: the product divides the extent. `power2`: powers of two whose product is at most the extent, rounded up to
 * a power of two; a symbolic extent (undefined) sets no bound. `verbose`: both. `candidates`: the listed ones within
 * `max`.
 */
export function enumerateSplits(
  name: string,
  extent: number | undefined,
  options: SplitOptions,
): readonly (readonly number[])[] {
  const limits = checkSplit(name, extent, options);
  if (options.policy === "candidates") {
    return listed(name, options).filter((c) => c.every((f, i) => f <= (limits[i] ?? 1))).sort(byFactors);
  }
  if (options.policy === "verbose") {
    const both = (["factors", "power2"] as const).flatMap((p) =>
      enumerateSplits(name, extent, { ...options, policy: p })
    );
    return [...new Map(both.map((c) => [c.join(), c])).values()].sort(byFactors);
  }
  const power2 = options.policy === "power2";
  const whole = extent === undefined ? Infinity : power2 ? ceilPowerOfTwo(extent) : extent;
  const steps = power2 ? powersOfTwo(Math.min(whole, Math.max(...limits, 1))) : divisors(whole);
  const out: (readonly number[])[] = [];
  const extend = (inner: readonly number[], rest: number): void => {
    const limit = limits[inner.length];
    if (limit === undefined) return void out.push(inner);
    for (const f of steps) {
      if (f > limit || f > rest) break;
      if (power2 || rest % f === 0) extend([...inner, f], rest / f);
    }
  };
  extend([], whole);
  return out;
}

/**
 * Finds the candidate nearest to the wanted factors. From the innermost outwards, each factor is the largest one that is
 * not above the wanted one. If all are above (listed candidates may lack 1), it is the smallest.
 */
export function nearestSplit(candidates: readonly (readonly number[])[], asked: readonly number[]): number {
  let left = [...candidates.keys()];
  for (let at = asked.length - 1; at >= 0; at--) {
    const factor = (i: number) => candidates[i]?.[at] ?? 1;
    const fitting = left.map(factor).filter((f) => f <= (asked[at] ?? 1));
    const nearest = fitting.length > 0 ? Math.max(...fitting) : Math.min(...left.map(factor));
    left = left.filter((i) => factor(i) === nearest);
  }
  return left[0] ?? 0;
}

/** All factors, the derived outermost one first: ceil(extent / product of the others), or null if symbolic. */
export function withOuter<P extends PartCount>(
  extent: number | undefined,
  inner: readonly number[],
): Factors[P] {
  const outer = extent === undefined ? null : Math.ceil(extent / inner.reduce((a, b) => a * b, 1));
  // The length of `inner` is P - 1, which the type of a list cannot say.
  return [outer, ...inner] as readonly (number | null)[] as Factors[P];
}

/** In lexicographic order. */
function byFactors(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((f, i) => f !== b[i]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}

/** The candidates that a split lists itself. */
function listed(name: string, { parts, candidates = [] }: SplitOptions): (readonly number[])[] {
  const ok = candidates.length > 0 && candidates.every((c) => c.length === parts - 1 && c.every(isCount)) &&
    new Set(candidates.map((c) => c.join())).size === candidates.length;
  if (ok) return [...candidates];
  throw new SpaceError(
    `cannot declare split ${name}: its candidates are ${
      candidates.map((c) => `[${c}]`).join(", ") || "none"
    }; ` +
      `policy "candidates" takes some tuples of ${
        parts - 1
      } inner factors, each at least 1, and each tuple once`,
  );
}

/** Checks what was declared; returns the largest value of each inner factor. */
function checkSplit(name: string, extent: number | undefined, options: SplitOptions): readonly number[] {
  const { parts, preset, max, policy } = options;
  const refuse = (why: string) => new SpaceError(`cannot declare split ${name}: ${why}`);
  if (extent !== undefined && !isCount(extent)) {
    throw refuse(
      `its extent is ${extent}; an extent is a positive integer, or undefined where it is symbolic`,
    );
  }
  if (!isCount(parts)) throw refuse(`it has ${parts} parts; a split has at least 1`);
  if (preset.length !== parts - 1 || !preset.every(isCount)) {
    throw refuse(
      `its preset is [${preset.join(", ")}]; ${parts} parts take ${parts - 1} inner factors, each at least 1`,
    );
  }
  const limits = typeof max === "object" ? max : Array<number>(parts - 1).fill(max ?? Infinity);
  if (limits.length !== parts - 1 || !limits.every((m) => m >= 1)) {
    throw refuse(
      `its max is [${limits.join(", ")}]; ${parts} parts take one limit or ${parts - 1}, each at least 1`,
    );
  }
  if (extent === undefined && parts > 1 && policy !== "candidates") {
    if (policy !== "power2") {
      throw refuse(`a symbolic extent has no divisors to choose from; use policy "power2" with a max`);
    }
    if (!limits.every(Number.isFinite)) throw refuse(`a symbolic extent sets no bound; give a max`);
  }
  return limits;
}

function isCount(x: number): boolean {
  return Number.isSafeInteger(x) && x >= 1;
}

function divisors(n: number): readonly number[] {
  const small: number[] = [], large: number[] = [];
  for (let d = 1; d * d <= n; d++) {
    if (n % d !== 0) continue;
    small.push(d);
    if (d * d !== n) large.unshift(n / d);
  }
  return [...small, ...large];
}

function ceilPowerOfTwo(n: number): number {
  let p = 1;
  while (p < n) p *= 2;
  return p;
}

function powersOfTwo(limit: number): readonly number[] {
  const out: number[] = [];
  for (let p = 1; p <= limit; p *= 2) out.push(p);
  return out;
}
