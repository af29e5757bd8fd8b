/**
 * Tunebook tunes GPU kernels in a notebook, on your own device. You say what to compute; a rule (DLight)
 * says at once how, a search (AutoTVM) finds how on this device, and both run on Deno's WebGPU.
 *
 * ```ts
 * import { build, Device, dlight, te } from "tunebook";
 *
 * using device = await Device.open({ prefer: "cpu" });
 * const func = te.matmul({ m: 2, n: 2, k: 2 });
 * const { func: scheduled, rule } = dlight.schedule(func, device.target);
 * using program = await build(scheduled, device);
 * const A = new Float32Array([1, 2, 3, 4]), B = new Float32Array([5, 6, 7, 8]);
 * const { C } = await program.run({ A, B });
 * console.assert(rule === "Matmul" && C?.join() === "19,22,43,50");
 * ```
 *
 * @module
 */
import { createTuner, tunerNames } from "./lib/autotvm/create_tuner.ts";
import { RECOMMENDED } from "./lib/autotvm/recommended.ts";
import { explain } from "./lib/dlight/explain.ts";
import { fallback } from "./lib/dlight/fallback/fallback.ts";
import { lowBatchGemv } from "./lib/dlight/rules/low_batch_gemv.ts";
import { match, rules } from "./lib/dlight/schedule.ts";
import { compileToShow as compile, scheduleToShow as schedule } from "./lib/notebook/shown_results.ts";
import { recordSpace } from "./lib/tuning/record_space.ts";
import { foresee } from "./lib/tuning/predict_space.ts";
import { simulate } from "./lib/tuning/simulate.ts";
import { tune } from "./lib/tuning/tune.ts";
import { tuneSuite } from "./lib/tuning/tune_suite.ts";
import { namedTemplate } from "./lib/space/template.ts";

export * as te from "./lib/face/te.ts";
/** The arithmetic that an operator of one's own is made of: `te.compute("B", [8], (i) => expr.mul(A.at(i), 2))`. */
export * as expr from "./lib/te/expr.ts";

/** Rules that encode what is known to be good: no search, no device, milliseconds. */
export const dlight = { schedule, explain, match, rules, fallback, lowBatchGemv } as const;
/** The search over a space, measured on this device and led by a learned cost model. */
export const autotvm = {
  tune,
  tuneSuite,
  template: namedTemplate,
  createTuner,
  tunerNames,
  recommended: RECOMMENDED,
  recordSpace,
  simulate,
  foresee,
} as const;

export { build, type BuildOptions, type Built, type BuiltProgram, type Level } from "./lib/tuning/build.ts";
export { type Bucket, buildDispatch, Dispatch, type DispatchOptions } from "./lib/tuning/dispatch.ts";
export { compare, type CompareOptions, type Contestant } from "./lib/tuning/compare.ts";
export type { Comparison } from "./lib/tuning/comparison.ts";
export { share, Shared } from "./lib/share/shared.ts";
export type { Shareable, ShareOptions } from "./lib/share/manifest_of.ts";
export { Rerun, type RerunOptions } from "./lib/tuning/rerun.ts";
export { type RuleRow, ruleTable } from "./lib/tuning/rule_table.ts";
export type { Confirmed, Speedup } from "./lib/tuning/confirm.ts";
export type { TuneOptions } from "./lib/tuning/tune.ts";
export type { TuneLog } from "./lib/tuning/tune_log.ts";
export type { SuiteLog, SuiteRow } from "./lib/tuning/suite_log.ts";
export type { Buckets, SuiteMember, TuneSuiteOptions } from "./lib/tuning/tune_suite.ts";

export { PrimFunc } from "./lib/ir/func.ts";
export { specialize } from "./lib/arith/specialize.ts";
export { interpret } from "./lib/interp/interpret.ts";
export { printStmt } from "./lib/ir/print.ts";
export { TunebookError } from "./lib/base/error.ts";
export { ScheduleError } from "./lib/schedule/error.ts";
export type { IndexMap } from "./lib/schedule/index_map.ts";
export { Schedule } from "./lib/schedule/schedule.ts";
export { replay, Trace, type TraceJson } from "./lib/schedule/trace.ts";
export type { Step } from "./lib/schedule/step.ts";

export { ConfigSpace } from "./lib/space/config_space.ts";
export {
  type Annotation,
  type Config,
  type Factors,
  type Knobs,
  type KnobValue,
  RejectedConfig,
} from "./lib/space/knobs.ts";
export { narrow, type Narrowing } from "./lib/space/narrow.ts";
export { instantiate, spaceOf, type Template } from "./lib/space/template.ts";

export { targetOf } from "./lib/target/profiles.ts";
export type { Limits, Profile, Target } from "./lib/target/target.ts";

export { compile };
export type { Executable } from "./lib/codegen/executable.ts";
export { LimitError, LowerError } from "./lib/lower/error.ts";
export { lower, passes } from "./lib/lower/pipeline.ts";

export { Device, type DeviceOptions } from "./lib/runtime/device.ts";
export { Program } from "./lib/runtime/program.ts";
export { Prepared } from "./lib/runtime/prepared.ts";
export type { Bound, HeldBytes, Spent } from "./lib/runtime/backend.ts";
export type { Inputs, Shapes } from "./lib/runtime/arguments.ts";
export * from "./lib/runtime/error.ts";

export { Measurer } from "./lib/measure/measurer.ts";
export type { Failure, Measurement } from "./lib/measure/measurement.ts";
export { median } from "./lib/base/statistics.ts";

export { type Added, TuningDatabase } from "./lib/records/database.ts";
export type { Found } from "./lib/records/nearness.ts";
export { RecordError } from "./lib/records/error.ts";
export { readLog, RecordLog } from "./lib/records/log.ts";
export { readSpace, type RecordedSpace, type SpacePoint } from "./lib/records/recorded_space.ts";
export type { TrialRecord } from "./lib/records/record.ts";
export type { Manifest, SharedResult, SharedSchedule, SharedTask } from "./lib/records/manifest.ts";
export type { RerunRow } from "./lib/records/rerun.ts";
export { type Roofline, roofline } from "./lib/estimate/roofline.ts";
export type { SummaryRow } from "./lib/records/summary.ts";
export { recordsToTable } from "./lib/records/table.ts";
export { type KernelRow, kernelTable, type MeasuredKernel } from "./lib/records/kernels.ts";

export { Chart } from "./lib/charts/chart.ts";
export { crossDevice } from "./lib/charts/cross_device.ts";
export { bestSoFar } from "./lib/charts/best_so_far.ts";
export { confirmed } from "./lib/charts/confirmed.ts";
export { overview } from "./lib/charts/overview.ts";
export type { ChartOptions, Spec } from "./lib/charts/spec.ts";
export { display, type Showable } from "./lib/notebook/display.ts";
export { type Diff, diff, type DiffOptions } from "./lib/notebook/diff.ts";
export { drain } from "./lib/notebook/jupyter.ts";
export { createReporter } from "./lib/notebook/live.ts";
export type { Progress, Reporter } from "./lib/tuning/reporter.ts";
export { InterruptedError } from "./lib/tuning/tune.ts";
export { pageOf, type PageOptions, type Section } from "./lib/share/page.ts";
export { type Readable, type Source, sourceOf, type SourceOptions } from "./lib/notebook/source.ts";
export { type Steps, steps } from "./lib/notebook/steps.ts";
export { type Sheet, sheet } from "./lib/notebook/tables.ts";
export { contestsCompared } from "./lib/charts/contests_compared.ts";
export {
  type ContestRow,
  geometricMean,
  type Leaderboard,
  type LeaderboardPlace,
  leaderboards,
  timesPeer,
} from "./lib/charts/leaderboard.ts";
export { type TunerRow, tunersCompared } from "./lib/charts/tuners_compared.ts";
export { bestOverSeeds } from "./lib/charts/best_over_seeds.ts";
export { underRoofline } from "./lib/charts/roofline.ts";
export { spaceHeatmap, type SpaceHeatmapOptions } from "./lib/charts/space_heatmap.ts";
export { parallelCoordinates, type ParallelOptions } from "./lib/charts/parallel_coordinates.ts";
export { type PredictionRow, predictions, predictionTable } from "./lib/charts/predictions.ts";
export { pareto, type WayRow, wayTable } from "./lib/charts/pareto.ts";
export { whereTimeGoes } from "./lib/charts/where_time_goes.ts";
export { ChartError } from "./lib/charts/error.ts";
export { type Verdict, verdicts } from "./lib/charts/verdict.ts";
