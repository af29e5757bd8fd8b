/**
 * A Gaussian process (Rasmussen and Williams, 2006, algorithm 2.1) with a Matern kernel of smoothness 5/2 and a
 * length for each feature, chosen by the marginal likelihood.
 */

/** Length scales of the features, which lie in [0, 1], and the share of noise in the variance. */
export interface LengthScales {
  readonly lengths: Float64Array;
  readonly noise: number;
}

export interface Belief {
  readonly mean: number;
  /** Standard deviation. */
  readonly deviation: number;
}

/** 5/2 Matern at a squared distance. */
function matern(squared: number): number {
  const r = Math.sqrt(5 * squared);
  return (1 + r + r * r / 3) * Math.exp(-r);
}

function squaredDistance(a: Float64Array, b: Float64Array, lengths: Float64Array): number {
  let sum = 0;
  for (let f = 0; f < lengths.length; f++) {
    const d = (a[f]! - b[f]!) / lengths[f]!;
    sum += d * d;
  }
  return sum;
}

/** The lower triangle L of L·Lᵀ, row by row; undefined where the matrix is not positive definite. */
function cholesky(matrix: readonly Float64Array[]): readonly Float64Array[] | undefined {
  const out: Float64Array[] = [];
  for (let i = 0; i < matrix.length; i++) {
    const row = new Float64Array(i + 1), from = matrix[i]!;
    for (let j = 0; j <= i; j++) {
      const other = j === i ? row : out[j]!;
      let sum = from[j]!;
      for (let k = 0; k < j; k++) sum -= row[k]! * other[k]!;
      if (j < i) row[j] = sum / other[j]!;
      else if (sum > 0) row[i] = Math.sqrt(sum);
      else return undefined;
    }
    out.push(row);
  }
  return out;
}

/** Solves L·x = b. */
function forward(lower: readonly Float64Array[], b: Float64Array): Float64Array {
  const x = new Float64Array(lower.length);
  for (let i = 0; i < lower.length; i++) {
    const row = lower[i]!;
    let sum = b[i]!;
    for (let k = 0; k < i; k++) sum -= row[k]! * x[k]!;
    x[i] = sum / row[i]!;
  }
  return x;
}

/** The log marginal likelihood with the process's variance at its best; -Infinity where there is none. */
function likelihood(squared: readonly Float64Array[], y: Float64Array, noise: number): number {
  const n = y.length;
  const lower = cholesky(squared.map((row, i) => row.map((d, j) => matern(d) + (i === j ? noise : 0))));
  if (!lower) return -Infinity;
  const z = forward(lower, y);
  const variance = z.reduce((s, x) => s + x * x, 0) / n;
  const logDet = lower.reduce((s, row, i) => s + Math.log(row[i]!), 0);
  return -n / 2 * Math.log(Math.max(variance, 1e-12)) - logDet;
}

const LENGTHS = [0.5, 1, 2, 4, 8];
const NOISES = [1e-3, 1e-2, 1e-1];
/** The standard deviation of log-lengths around the common length: the strength of their prior. */
const SPREAD = 1.5;

/**
 * Finds the scales that maximise the likelihood of the observations. It fits one length for all features first, or
 * starts at `from`. Then it tries each length at three times and a third of it, in `passes` passes.
 */
export function fitScales(
  rows: readonly Float64Array[],
  targets: readonly number[],
  { passes, from }: { readonly passes: number; readonly from?: LengthScales },
): LengthScales {
  const y = standardized(targets).y;
  const width = rows[0]?.length ?? 0;
  const parts = Array.from(
    { length: width },
    (_, f) => rows.map((a, i) => Float64Array.from({ length: i + 1 }, (_, j) => (a[f]! - rows[j]![f]!) ** 2)),
  );
  const squaredOf = (lengths: Float64Array) => {
    const sum = rows.map((_, i) => new Float64Array(i + 1));
    parts.forEach((part, f) => add(sum, part, 1 / lengths[f]! ** 2));
    return sum;
  };
  let best: LengthScales & { readonly value: number } = {
    value: -Infinity,
    lengths: new Float64Array(width).fill(1),
    noise: 0.01,
  };
  const starts = from ? [from.lengths] : LENGTHS.map((l) => new Float64Array(width).fill(l));
  for (const lengths of starts) {
    const squared = squaredOf(lengths);
    for (const noise of NOISES) {
      const value = likelihood(squared, y, noise) - prior(lengths);
      if (value > best.value) best = { value, lengths, noise };
    }
  }
  const lengths = Float64Array.from(best.lengths);
  let squared = squaredOf(lengths);
  let value = best.value;
  for (let pass = 0; pass < passes; pass++) {
    for (let f = 0; f < width; f++) {
      for (const factor of [3, 1 / 3]) {
        const old = lengths[f]!, now = old * factor;
        if (now < 0.1 || now > 30) continue;
        const tried = squared.map((row) => Float64Array.from(row));
        add(tried, parts[f]!, 1 / now ** 2 - 1 / old ** 2);
        lengths[f] = now;
        const v = likelihood(tried, y, best.noise) - prior(lengths);
        if (v > value) {
          value = v;
          squared = tried;
          break;
        }
        lengths[f] = old;
      }
    }
  }
  return { lengths, noise: best.noise };
}

/** Lengths are log-normal about 2. */
function prior(lengths: Float64Array): number {
  return lengths.reduce((s, l) => s + (Math.log(l / 2) / SPREAD) ** 2 / 2, 0);
}

function add(sum: readonly Float64Array[], part: readonly Float64Array[], weight: number): void {
  for (let i = 0; i < sum.length; i++) {
    const to = sum[i]!, from = part[i]!;
    for (let j = 0; j <= i; j++) to[j]! += weight * from[j]!;
  }
}

function standardized(targets: readonly number[]) {
  const mean = targets.reduce((a, b) => a + b, 0) / targets.length;
  const spread = Math.sqrt(targets.reduce((s, t) => s + (t - mean) ** 2, 0) / targets.length) || 1;
  return { mean, spread, y: Float64Array.from(targets, (t) => (t - mean) / spread) };
}

/** The predicted distribution of points, given the observations. */
export class GaussianProcess {
  readonly #rows: Float64Array[];
  readonly #scales: LengthScales;
  readonly #lower: readonly Float64Array[];
  readonly #weights: Float64Array;
  readonly #mean: number;
  readonly #spread: number;
  readonly #deviation: number;

  constructor(rows: readonly Float64Array[], targets: readonly number[], scales: LengthScales) {
    const { mean, spread, y } = standardized(targets);
    this.#rows = [...rows];
    this.#scales = scales;
    const gram = rows.map((a, i) =>
      Float64Array.from(
        { length: i + 1 },
        (_, j) => matern(squaredDistance(a, rows[j]!, scales.lengths)) + (i === j ? scales.noise : 0),
      )
    );
    const lower = cholesky(gram);
    if (!lower) throw new Error("unreachable: a kernel with noise is positive definite");
    this.#lower = lower;
    const z = forward(lower, y);
    this.#weights = z;
    const variance = Math.max(1e-6, z.reduce((s, x) => s + x * x, 0) / y.length);
    this.#mean = mean;
    this.#spread = spread;
    this.#deviation = spread * Math.sqrt(variance);
  }

  get noise(): number {
    return this.#scales.noise;
  }

  /** Gives the covariances of a point with the observations, solved by L. Predictions are computed from it. */
  solve(row: Float64Array): Float64Array {
    return forward(
      this.#lower,
      Float64Array.from(this.#rows, (r) => matern(squaredDistance(r, row, this.#scales.lengths))),
    );
  }

  belief(solved: Float64Array, known = 0): Belief {
    let mean = 0, explained = known;
    for (let i = 0; i < solved.length; i++) {
      mean += solved[i]! * this.#weights[i]!;
      explained += solved[i]! * solved[i]!;
    }
    return {
      mean: this.#mean + this.#spread * mean,
      deviation: this.#deviation * Math.sqrt(Math.max(1e-12, 1 - explained)),
    };
  }

  /** Gives the covariance of two points given the observations, in units of the process's variance. */
  covariance(a: Float64Array, solvedA: Float64Array, b: Float64Array, solvedB: Float64Array): number {
    let sum = matern(squaredDistance(a, b, this.#scales.lengths));
    for (let i = 0; i < solvedA.length; i++) sum -= solvedA[i]! * solvedB[i]!;
    return sum;
  }
}
