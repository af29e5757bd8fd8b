/** What earlier searches tell of a new one: a model of other programs and devices that sees loops only. */
import { TunerError } from "./error.ts";
import { fitGbdt, type GbdtOptions } from "./gbdt.ts";
import { DEFAULT_LOSS, type Loss } from "./losses.ts";
import { heldOutAccuracy, skillOf } from "./ranking.ts";

/** What was measured of one program on one device. */
export interface PriorGroup {
  readonly program: string;
  readonly device: string;
  /** The features of each point's loops, of the families that the new search will use. */
  readonly rows: readonly Float64Array[];
  /** Higher is better; undefined where the candidate failed. Each program and device may have a unit of its own. */
  readonly scores: readonly (number | undefined)[];
}

/** A model of earlier searches, with which a new search may begin. {@linkcode fitPrior} makes one. */
export interface Prior {
  /** Features that it was fitted on. */
  readonly width: number;
  /** The loss that it was fitted with. */
  readonly loss: Loss;
  /** What it expects of a point: the higher, the better. By regression, its share of the best of its program. */
  predict(row: Float64Array): number;
  /**
   * How well it ranks the points of a program and device that it has not seen, of [0, 1]; 0 is guessing. It is taken
   * from predicting each group by the others, or half of what cross-validation tells where there is one group only.
   */
  readonly trust: number;
}

/** Deeper than a search's own trees: there are thousands of rows, and programs differ in many ways. */
const TREES = { loss: DEFAULT_LOSS, rounds: 80, depth: 5, rate: 0.2 } as const;
/** Rows of a group that are learnt from; groups that were measured at length would drown the others. */
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
    throw new TunerError("cannot learn from earlier records: none of them has a score; give some that have");
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

/** @throws {TunerError} where rows and scores are not as many */
function pointsOf({ program, device, rows, scores }: PriorGroup): readonly Point[] {
  if (rows.length !== scores.length) {
    throw new TunerError(
      `cannot learn from ${program} on ${device}: ${rows.length} rows have ${scores.length} scores; give one for each`,
    );
  }
  return rows.map((row, i) => ({ row, score: scores[i] ?? 0 }));
}

/** At most `n` elements at even steps, the first among them. */
function spread<T>(list: readonly T[], n: number): readonly T[] {
  if (list.length <= n) return list;
  return Array.from({ length: n }, (_, i) => list[Math.floor(i * list.length / n)] as T);
}
