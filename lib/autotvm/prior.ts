/** Models of earlier searches: they are fitted on other programs and devices, by features of loops only. */
import { TunerError } from "./error.ts";
import { fitGbdt, type GbdtOptions } from "./gbdt.ts";
import { DEFAULT_LOSS, type Loss } from "./losses.ts";
import { heldOutAccuracy, skillOf } from "./ranking.ts";

/** The measurements of one program on one device. */
export interface PriorGroup {
  readonly program: string;
  readonly device: string;
  /** The features of each point's loops, of the families that the new search will use. */
  readonly rows: readonly Float64Array[];
  /** Higher is better; undefined for a failed candidate. Units may differ between programs and devices. */
  readonly scores: readonly (number | undefined)[];
}

/** A model of earlier searches, with which a new search may begin. {@linkcode fitPrior} makes one. */
export interface Prior {
  /** Features that it was fitted on. */
  readonly width: number;
  /** The loss that it was fitted with. */
  readonly loss: Loss;
  /** Predicts a point; higher is better. By regression, the prediction is its share of the best of its program. */
  predict(row: Float64Array): number;
  /**
   * The rank accuracy on an unseen program and device, in [0, 1]; 0 is chance. It is estimated by predicting each group
   * from the others. With one group only, it is half of the cross-validated accuracy.
   */
  readonly trust: number;
}

/** Deeper than a search's own trees: there are thousands of rows, and programs differ in many ways. */
const TREES = { loss: DEFAULT_LOSS, rounds: 80, depth: 5, rate: 0.2 } as const;
/** Rows of a group that are learnt from, at most; otherwise large groups would dominate. */
const ROWS = 300;
const FOLDS = 5;

/**
 * Learns from earlier records. Labels are shares of the best of each program and device.
 *
 * @throws {TunerError} for no rows, or for rows of unlike lengths
 */
export function fitPrior(groups: readonly PriorGroup[], trees: Partial<GbdtOptions> = {}): Prior {
  const rows: Float64Array[] = [], labels: number[] = [], of: number[] = [];
  let group = 0;
  for (const same of Map.groupBy(groups, (g) => JSON.stringify([g.program, g.device])).values()) {
    const points = same.flatMap((g) => pointsOf(g));
    const best = Math.max(0, ...points.map((p) => p.score));
    if (best === 0) continue;
    for (const p of spread(points.sort((a, b) => b.score - a.score), ROWS)) {
      rows.push(p.row);
      labels.push(p.score / best);
      of.push(group);
    }
    group++;
  }
  const width = rows[0]?.length;
  if (width === undefined) {
    throw new TunerError("expected records with scores, got none that succeeded, fitting a prior");
  }
  const options: Partial<GbdtOptions> & { readonly loss: Loss } = { ...TREES, ...trees };
  const fit = (chosen: readonly number[]) =>
    fitGbdt(chosen.map((i) => rows[i]!), chosen.map((i) => labels[i]!), options, {
      groups: chosen.map((i) => of[i]!),
    });
  const byRow = (chosen: readonly number[]) => {
    const model = fit(chosen);
    return (i: number) => model.predict(rows[i]!);
  };
  const trust = group > 1
    ? skillOf(heldOutAccuracy(labels, (i) => of[i]!, byRow))
    : skillOf(heldOutAccuracy(labels, (i) => i % FOLDS, byRow)) / 2;
  const model = fit([...rows.keys()]);
  return { width, loss: options.loss, trust, predict: (row) => model.predict(row) };
}

interface Point {
  readonly row: Float64Array;
  readonly score: number;
}

/** @throws {TunerError} if the numbers of rows and scores differ */
function pointsOf({ program, device, rows, scores }: PriorGroup): readonly Point[] {
  if (rows.length !== scores.length) {
    throw new TunerError(
      `expected one score for each of ${rows.length} rows, got ${scores.length}, for ${program} on ${device}`,
    );
  }
  return rows.map((row, i) => ({ row, score: scores[i] ?? 0 }));
}

/** Picks at most `n` elements at equal distances, the first one included. */
function spread<T>(list: readonly T[], n: number): readonly T[] {
  if (list.length <= n) return list;
  return Array.from({ length: n }, (_, i) => list[Math.floor(i * list.length / n)] as T);
}
