/**
 * Tunebook compiles and tunes tensor programs for WebGPU, in a notebook, on your own device. You say what to compute.
 * A rule (DLight) says at once how; a search (AutoTVM) finds how on this device. Both run on Deno's WebGPU.
 *
 * ```ts
 * import { build, Device, dlight, te } from "tunebook";
 *
 * using device = await Device.open({ backend: "cpu" });
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
/** What to compute: operators as programs, and tensors as functions of positions. */
export * as te from "./lib/face/te.ts";
/** Operators that take tensors and give a tensor, to compose programs of. */
export * as op from "./lib/face/op.ts";
/** The arithmetic that an operator of one's own is made of. */
export * as expr from "./lib/te/expr.ts";
/** Graphs of operators with symbolic shapes: built, fused, planned. */
export * as relax from "./lib/face/relax.ts";
/** Programs and schedules as data: TensorIR's parts, and the passes that lower them. */
export * as tir from "./lib/face/tir.ts";
/** Rules that encode what is known to be good: no search, no device, milliseconds. */
export * as dlight from "./lib/face/dlight.ts";
/** The search over a space, measured and checked on a device, led by a learned cost model. */
export * as autotvm from "./lib/face/autotvm.ts";
/** Charts of results: Arrow tables in, Vega-Lite charts out. */
export * as charts from "./lib/face/charts.ts";
/** Results as Arrow: logs, databases, recorded spaces; and the statistics of samples. */
export * as records from "./lib/face/records.ts";
/** Every error that the module raises on purpose. */
export * as errors from "./lib/face/errors.ts";

export type * from "./lib/face/types.ts";
export { PrimFunc } from "./lib/ir/func.ts";
export { Schedule } from "./lib/schedule/schedule.ts";
export { replay } from "./lib/schedule/trace.ts";
export { instantiate, namedTemplate as template, spaceOf } from "./lib/space/template.ts";
export { interpret, type InterpretOptions } from "./lib/interp/interpret.ts";
export { targetOf } from "./lib/target/profiles.ts";
export type { Limits, Peaks, Profile, Subgroups, Target } from "./lib/target/target.ts";

export { lower, type LowerOptions } from "./lib/lower/pipeline.ts";
export { compileToShow as compile } from "./lib/notebook/shown_results.ts";
export type { Executable } from "./lib/codegen/executable.ts";
export { Device, type DeviceOptions } from "./lib/runtime/device.ts";
export type { DeviceTensor } from "./lib/runtime/device_tensor.ts";
export type { MemoryKind, MemoryUse } from "./lib/runtime/ledger.ts";
export type { Program } from "./lib/runtime/program.ts";
export type { Prepared } from "./lib/runtime/prepared.ts";
export type { Bound, HeldBytes, Spent } from "./lib/runtime/backend.ts";
export type { Inputs, Shapes } from "./lib/runtime/arguments.ts";

export { build, type BuildOptions, type BuiltProgram } from "./lib/tuning/build.ts";
export type { Built, Level } from "./lib/tuning/built.ts";
export { type Bucket, buildDispatch, type Dispatch, type DispatchOptions } from "./lib/tuning/dispatch.ts";
export type { TuneGraphOptions } from "./lib/tuning/tune_graph.ts";
export type { GraphBuildOptions } from "./lib/tuning/build_graph.ts";
export type { BuiltFunction, BuiltGraph, UnfusedCall } from "./lib/tuning/built_graph.ts";
export type { GraphContext, GraphProgram } from "./lib/tuning/graph_program.ts";
export type { GraphProfile } from "./lib/tuning/graph_profile.ts";
export type { ProfileOptions } from "./lib/tuning/profile_graph.ts";
export { compare } from "./lib/tuning/compare.ts";
export type { CompareOptions } from "./lib/tuning/compare_options.ts";
export type { CompareGraphOptions } from "./lib/tuning/compare_graph.ts";
export type { GraphComparison } from "./lib/tuning/graph_comparison.ts";
export type { Comparison, Comparisons } from "./lib/tuning/comparison.ts";
export type { Method, OwnMethod, OwnSource } from "./lib/tuning/methods.ts";
export { type Race, race, type RaceOptions, type Racer } from "./lib/tuning/race.ts";
export {
  Fleet,
  type FleetCounts,
  type FleetDeviceOptions,
  type JoinOptions,
  type WaitOptions,
} from "./lib/fleet/fleet.ts";
export type { ConfirmingDevice, FleetWorker, RemoteDevice } from "./lib/fleet/remote_device.ts";
export type { Credentials } from "./lib/fleet/credentials.ts";
export { InterruptedError } from "./lib/tuning/interrupted_error.ts";
export { TuningDatabase } from "./lib/records/database.ts";

export { createReporter } from "./lib/notebook/live.ts";
export type { Progress, Reporter } from "./lib/tuning/reporter.ts";
export { display, type Showable } from "./lib/notebook/display.ts";
export { help, HelpError } from "./lib/face/help.ts";
export { type Diff, diff, type DiffOptions } from "./lib/notebook/diff.ts";
export { type Readable, type Source, sourceOf, type SourceOptions } from "./lib/notebook/source.ts";
export { type Steps, steps } from "./lib/notebook/steps.ts";
export { type Sheet, sheet } from "./lib/notebook/tables.ts";
export { share, Shared } from "./lib/share/shared.ts";
export type { Shareable, ShareOptions } from "./lib/share/manifest_of.ts";
export type { Rerun, RerunOptions } from "./lib/tuning/rerun.ts";
