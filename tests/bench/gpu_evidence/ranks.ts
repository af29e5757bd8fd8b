/** How well an estimate orders points that were measured. */

/** Spearman's rank correlation of two lists; equal values share the mean of their ranks. */
export function rankCorrelation(xs: readonly number[], ys: readonly number[]): number {
  const a = ranks(xs), b = ranks(ys), mean = (xs.length - 1) / 2;
  let ab = 0, aa = 0, bb = 0;
  for (const [i, x] of a.entries()) {
    const y = b[i] ?? 0;
    ab += (x - mean) * (y - mean);
    aa += (x - mean) ** 2;
    bb += (y - mean) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}

function ranks(xs: readonly number[]): readonly number[] {
  const order = [...xs.keys()].toSorted((a, b) => (xs[a] ?? 0) - (xs[b] ?? 0));
  const found = new Array<number>(xs.length).fill(0);
  for (let from = 0; from < order.length;) {
    let to = from;
    while (to + 1 < order.length && xs[order[to + 1] ?? 0] === xs[order[from] ?? 0]) to++;
    for (let i = from; i <= to; i++) found[order[i] ?? 0] = (from + to) / 2;
    from = to + 1;
  }
  return found;
}

/** The share of the space's best speed that the best of the `top` points with the least estimate has. */
export function shareOfBest(estimates: readonly number[], ms: readonly number[], top: number): number {
  const order = [...ms.keys()].toSorted((a, b) => (estimates[a] ?? 0) - (estimates[b] ?? 0));
  return Math.min(...ms) / Math.min(...order.slice(0, top).map((i) => ms[i] ?? Infinity));
}
