import * as kinds from "./option_fields.ts";
import { CostModel } from "../autotvm/cost_model.ts";
import { recordedKind, type RecordedSpace } from "../records/recorded_space.ts";
import type { PredictionRow } from "../charts/predictions.ts";
import { Rng } from "../base/random.ts";
import { bestPoint, featuresOf } from "./simulate.ts";
import { checkArgument, checkOptions, type Fields } from "../base/check_options.ts";
import { positive, required } from "../base/option_kinds.ts";

/** What `autotvm.predictSpace` takes. */
export interface PredictSpaceOptions {
  /** Draws the points that the model learns from. */
  readonly seed: number;
  /** Number of these points. Default 64, the size of AutoTVM's plans. */
  readonly learn?: number;
  /** Number of other points that would be tried next. Default 8. */
  readonly next?: number;
}

const PREDICT_FIELDS = {
  seed: required(kinds.seed),
  learn: positive,
  next: positive,
} satisfies Fields<PredictSpaceOptions>;

/**
 * Fits a cost model on some points of a recorded space, and predicts every point. Predictions and measurements are shares
 * of the fastest point's speed. The chart `predictions` draws a table of them (`predictionTable`).
 *
 * @throws {OptionError} for an argument of a wrong kind
 * @throws {TunebookError} where the program's rule is no longer the recorded one
 */
export function predictSpace(
  recorded: RecordedSpace,
  options: PredictSpaceOptions,
): readonly PredictionRow[] {
  checkOptions("autotvm.predictSpace", options, PREDICT_FIELDS);
  checkArgument("autotvm.predictSpace", "recorded", recorded, recordedKind);
  const { seed, learn = 64, next = 8 } = options;
  const best = bestPoint(recorded).ms, features = featuresOf(recorded);
  const points = Rng.of(seed).shuffle([...recorded.points.values()]).flatMap(({ index, status, ms }) => {
    const row = features(index);
    return row ? [{ row, share: status === "ok" ? best / ms : undefined }] : [];
  });
  const learnt = points.slice(0, learn);
  const model = new CostModel(learnt.map((p) => p.row), learnt.map((p) => p.share));
  const expected = points.map((p) => model.predict(p.row));
  const liked = new Set(
    [...points.keys()].slice(learn).sort((a, b) => (expected[b] ?? 0) - (expected[a] ?? 0)).slice(0, next),
  );
  return points.map((p, k) => ({
    predicted: expected[k] ?? NaN,
    measured: p.share ?? NaN,
    kind: k < learn ? "learnt" : liked.has(k) ? "next" : "unseen",
  }));
}
