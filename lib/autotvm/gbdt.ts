/**
 * Gradient-boosted regression trees over histograms, after XGBoost (Chen and Guestrin, 2016): second-order
 * gains, depth-wise growth, features cut into at most 64 bins at their quantiles. Deterministic.
 */
import { TunerError } from "./error.ts";
import { type Given, type Loss, LOSSES } from "./losses.ts";

export interface GbdtOptions {
  /** `regression`: squared error. `rank`: logistic loss over pairs; predictions then order, and have no unit. */
  readonly loss: Loss;
  readonly rounds: number;
  readonly depth: number;
  /** Shrinkage of each tree. */
  readonly rate: number;
  /** L2 penalty on leaf values. */
  readonly lambda: number;
  /** Least gain of a split. */
  readonly gamma: number;
  /** Least sum of second derivatives (for squared error: rows) in a leaf. */
  readonly minWeight: number;
}

export const GBDT_DEFAULTS: GbdtOptions = {
  loss: "regression",
  rounds: 100,
  depth: 4,
  rate: 0.2,
  lambda: 1,
  gamma: 1e-4,
  minWeight: 1,
};

/** A complete binary tree: node i has the children 2i+1 (value <= threshold) and 2i+2. */
interface Tree {
  /** Feature of each inner node, or -1 where the node is a leaf. */
  readonly feature: Int32Array;
  readonly threshold: Float64Array;
  readonly value: Float64Array;
}

export interface Gbdt {
  /** Sums the trees. If the model was fitted with margins, the caller adds the margin of the row. */
  predict(row: Float64Array): number;
  /** Share of each feature in all gains; the sum is 1, or 0 if no tree has a split. */
  readonly importance: Float64Array;
}

const BINS = 64;

/** A feature that varies: its bin in each row, and the largest value in each bin. */
interface Column {
  readonly feature: number;
  readonly bins: Uint8Array;
  readonly edges: Float64Array;
}

/** Fits `targets` (higher is better for `rank`) on rows of one length, all finite. */
export function fitGbdt(
  rows: readonly Float64Array[],
  targets: readonly number[],
  options: Partial<GbdtOptions> = {},
  given: Given = {},
): Gbdt {
  const o = { ...GBDT_DEFAULTS, ...options };
  const width = check(rows, targets);
  const columns = binColumns(rows, width);
  const loss = LOSSES[o.loss](targets, given);
  const predicted = Float64Array.from(rows, (_, i) => loss.base + (given.margins?.[i] ?? 0));
  const gains = new Float64Array(width);
  const trees: Tree[] = [];
  const grad = new Float64Array(rows.length), hess = new Float64Array(rows.length);
  for (let round = 0; round < o.rounds; round++) {
    loss.derive(predicted, grad, hess);
    const { tree, leaf } = growTree(columns, grad, hess, o, gains);
    for (let i = 0; i < rows.length; i++) predicted[i]! += tree.value[leaf[i]!]!;
    trees.push(tree);
    if (tree.feature[0] === -1) break;
  }
  const total = gains.reduce((a, b) => a + b, 0);
  return {
    predict: (row) => trees.reduce((sum, tree) => sum + tree.value[leafOf(tree, row)]!, loss.base),
    importance: gains.map((g) => total > 0 ? g / total : 0),
  };
}

function check(rows: readonly Float64Array[], targets: readonly number[]): number {
  const width = rows[0]?.length;
  if (width === undefined) throw new TunerError("expected at least one row, got none, fitting a model");
  if (rows.length !== targets.length) {
    throw new TunerError(
      `expected one target for each of ${rows.length} rows, got ${targets.length}, fitting a model`,
    );
  }
  rows.forEach((row, i) => {
    if (row.length !== width) {
      throw new TunerError(
        `expected ${width} features, as row 0 has, got ${row.length} in row ${i}, fitting a model`,
      );
    }
    if (!row.every(Number.isFinite) || !Number.isFinite(targets[i])) {
      throw new TunerError(
        `expected finite features and targets, got another number in row ${i}, fitting a model`,
      );
    }
  });
  return width;
}

/**
 * Finds the columns that vary. A column that orders the rows like an earlier one, or in reverse, offers the same splits
 * and is left out. Most features of loops are such, and the time of fitting is proportional to the columns.
 */
function binColumns(rows: readonly Float64Array[], width: number): readonly Column[] {
  const out: Column[] = [];
  const known = new Set<string>();
  for (let feature = 0; feature < width; feature++) {
    const sorted = Float64Array.from(rows, (r) => r[feature]!).sort();
    const distinct = sorted.filter((x, i) => i === 0 || x !== sorted[i - 1]);
    if (distinct.length < 2) continue;
    const edges = distinct.length <= BINS ? distinct : quantiles(sorted);
    const bins = Uint8Array.from(rows, (r) => binOf(edges, r[feature]!));
    const order = bins.join();
    if (known.has(order)) continue;
    known.add(order).add(bins.map((b) => edges.length - 1 - b).join());
    out.push({ feature, bins, edges });
  }
  return out;
}

/** Gives the upper ends of at most BINS bins with about equal numbers of rows. */
function quantiles(sorted: Float64Array): Float64Array {
  const ends = Array.from({ length: BINS }, (_, b) => sorted[Math.ceil((b + 1) * sorted.length / BINS) - 1]!);
  return Float64Array.from(new Set(ends));
}

/** The first bin whose upper end is not below `x`. */
function binOf(edges: Float64Array, x: number): number {
  let lo = 0, hi = edges.length - 1;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (edges[mid]! < x) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

interface Split {
  readonly column: Column;
  readonly bin: number;
  readonly gain: number;
}

/** Grows one tree. Also gives the leaf of each row. */
function growTree(
  columns: readonly Column[],
  grad: Float64Array,
  hess: Float64Array,
  o: GbdtOptions,
  gains: Float64Array,
): { readonly tree: Tree; readonly leaf: Int32Array } {
  const nodes = 2 ** (o.depth + 1) - 1;
  const feature = new Int32Array(nodes).fill(-1);
  const threshold = new Float64Array(nodes), value = new Float64Array(nodes);
  const leaf = new Int32Array(grad.length);
  for (let level = 0; level < o.depth; level++) {
    const splits = bestSplits(columns, grad, hess, leaf, 2 ** level - 1, 2 ** level, o);
    if (splits.every((s) => s === undefined)) break;
    splits.forEach((s, i) => {
      if (!s) return;
      const node = 2 ** level - 1 + i;
      feature[node] = s.column.feature;
      threshold[node] = (s.column.edges[s.bin]! + s.column.edges[s.bin + 1]!) / 2;
      gains[s.column.feature]! += s.gain;
    });
    for (let i = 0; i < leaf.length; i++) {
      const s = splits[leaf[i]! - (2 ** level - 1)];
      if (s) leaf[i] = 2 * leaf[i]! + (s.column.bins[i]! <= s.bin ? 1 : 2);
    }
  }
  const g = new Float64Array(nodes), h = new Float64Array(nodes);
  leaf.forEach((node, i) => {
    g[node]! += grad[i]!;
    h[node]! += hess[i]!;
  });
  for (let n = 0; n < nodes; n++) value[n] = -o.rate * g[n]! / (h[n]! + o.lambda);
  return { tree: { feature, threshold, value }, leaf };
}

/** Finds the best split of each of the `count` nodes from `first`; undefined where no split gains. */
function bestSplits(
  columns: readonly Column[],
  grad: Float64Array,
  hess: Float64Array,
  leaf: Int32Array,
  first: number,
  count: number,
  o: GbdtOptions,
): readonly (Split | undefined)[] {
  const best: (Split | undefined)[] = Array(count).fill(undefined);
  const g = new Float64Array(count * BINS), h = new Float64Array(count * BINS);
  const sumG = new Float64Array(count), sumH = new Float64Array(count);
  for (let i = 0; i < leaf.length; i++) {
    const node = leaf[i]! - first;
    if (node < 0) continue;
    sumG[node]! += grad[i]!;
    sumH[node]! += hess[i]!;
  }
  const worth = (g: number, h: number) => g * g / (h + o.lambda);
  for (const column of columns) {
    g.fill(0);
    h.fill(0);
    for (let i = 0; i < leaf.length; i++) {
      const node = leaf[i]! - first;
      if (node < 0) continue;
      const at = node * BINS + column.bins[i]!;
      g[at]! += grad[i]!;
      h[at]! += hess[i]!;
    }
    for (let node = 0; node < count; node++) {
      let leftG = 0, leftH = 0;
      for (let bin = 0; bin + 1 < column.edges.length; bin++) {
        leftG += g[node * BINS + bin]!;
        leftH += h[node * BINS + bin]!;
        const rightG = sumG[node]! - leftG, rightH = sumH[node]! - leftH;
        if (leftH < o.minWeight || rightH < o.minWeight) continue;
        const gain = worth(leftG, leftH) + worth(rightG, rightH) - worth(sumG[node]!, sumH[node]!);
        if (gain > (best[node]?.gain ?? o.gamma)) best[node] = { column, bin, gain };
      }
    }
  }
  return best;
}

function leafOf(tree: Tree, row: Float64Array): number {
  let node = 0;
  for (let f = tree.feature[0]!; f >= 0; f = tree.feature[node]!) {
    node = 2 * node + (row[f]! <= tree.threshold[node]! ? 1 : 2);
  }
  return node;
}
