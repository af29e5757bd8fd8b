/** The types that the face's functions and classes mention, so that programs can name them. None exists at run time. */
export type { Budget } from "../autotvm/budget.ts";
export type { TunerName } from "../autotvm/create_tuner.ts";
export type { Loss } from "../autotvm/losses.ts";
export type { Prior } from "../autotvm/prior.ts";
export type { TunebookError } from "../base/error.ts";
export type { Rng, RngState } from "../base/random.ts";
export type { ConfidenceInterval } from "../base/statistics.ts";
export type { BestSoFarOptions } from "../charts/best_so_far.ts";
export type { Chart } from "../charts/chart.ts";
export type { ChartOptions, Spec } from "../charts/spec.ts";
export type { BufferSpec, Launch, LaunchBinding, TextureCopy, TextureSpec } from "../codegen/executable.ts";
export type { Why } from "../dlight/rule.ts";
export type { Ruled } from "../dlight/schedule.ts";
export type { Arrays, NumberArray } from "../interp/interpret.ts";
export type { Align } from "../ir/annotations.ts";
export type { Domain, Domains } from "../ir/domain.ts";
export type { Requirement } from "../ir/requirement.ts";
export type { DType, ScalarType } from "../ir/dtype.ts";
export type { StorageType } from "../ir/dtype.ts";
export type {
  ArithOp,
  Binary,
  BinaryOp,
  BitOp,
  Broadcast,
  Buffer,
  Call,
  Cast,
  CompareOp,
  Const,
  Expr,
  Load,
  LogicOp,
  MathOp,
  Not,
  Ramp,
  Scope,
  Select,
  Shuffle,
  Var,
} from "../ir/expr.ts";
export type { FuncData } from "../ir/func_data.ts";
export type { FuncJson } from "../ir/func_json.ts";
export type { ExprJson, IndexOp } from "../ir/json.ts";
export type {
  Annotations,
  Barrier,
  Block,
  For,
  If,
  IterVar,
  Let,
  LoopKind,
  Seq,
  Stmt,
  Store,
  ThreadTag,
} from "../ir/stmt.ts";
export type {
  Alloc,
  Binding,
  Kernel,
  KernelBarrier,
  KernelFor,
  KernelIf,
  KernelLet,
  KernelStmt,
  KernelStore,
} from "../lower/kernel.ts";
export type { KernelDraft, Layout } from "../lower/kernel_draft.ts";
export type { KernelSource } from "../measure/kernel_source.ts";
export type { Failed, Failure, Measurement, Success } from "../measure/measurement.ts";
export type {
  Candidate,
  Incumbent,
  Measured,
  MeasureLimits,
  MeasureRequest,
  Measuring,
  MeasuringOptions,
  OpenMeasuring,
  SampleOptions,
} from "../measure/measuring.ts";
export type { GivenInputs, InputRange } from "../measure/random_inputs.ts";
export type { Hunk } from "../notebook/diff.ts";
export type { Language } from "../notebook/highlight.ts";
export type { Bundle } from "../notebook/jupyter.ts";
export type { Kernels } from "../notebook/source.ts";
export type { Cells, Folding } from "../notebook/tables.ts";
export type { View } from "../notebook/view.ts";
export type { Added } from "../records/database.ts";
export type { Manifest, SharedResult, SharedSchedule, SharedTask } from "../records/manifest.ts";
export type { Found } from "../records/nearness.ts";
export type { TrialRecord } from "../records/record.ts";
export type { ReadRecord, Workload } from "../records/record_reader.ts";
export type { RerunRow } from "../records/rerun.ts";
export type { SharedWorkload } from "../records/shared.ts";
export type { SummaryRow } from "../records/summary.ts";
export type { WorkloadStructure } from "../records/workload_similarity.ts";
export type { ArenaSlot } from "../codegen/arena.ts";
export type { DeviceMemory } from "../runtime/device_memory.ts";
export type { HeldInputs } from "../runtime/arguments.ts";
export type { TypedArray } from "../runtime/arrays.ts";
export type { IndexMap } from "../schedule/index_map.ts";
export type { OldNames, Renamed } from "../schedule/old_names.ts";
export type { Step } from "../schedule/step.ts";
export type { Trace, TraceJson } from "../schedule/trace.ts";
export type { WalkedStep } from "../schedule/walk.ts";
export type { ConfigSpace } from "../space/config_space.ts";
export type { AnnotateKnob, ChoiceKnob, FlagKnob, Knob, ReorderKnob, SplitKnob } from "../space/knob.ts";
export type {
  AnnotateOptions,
  Annotation,
  Answer,
  Config,
  Constraint,
  Factors,
  Knobs,
  KnobValue,
  OrderPolicy,
  PartCount,
  SplitOptions,
} from "../space/knobs.ts";
export type { Narrowing } from "../space/narrow.ts";
export type { Template } from "../space/template.ts";
export type { Capabilities, KernelLanguage } from "../target/capabilities.ts";
export type { Clock } from "../target/target.ts";
export type { TextureLayout } from "../target/texture.ts";
export type { Compared } from "../tuning/comparison.ts";
export type { Confirmed } from "../tuning/confirm.ts";
export type { Speedup } from "../tuning/speedup.ts";
export type { Stopped } from "../tuning/search.ts";
export type { SearchOptions } from "../tuning/search_options.ts";
export type { StageSeconds } from "../tuning/stage_clock.ts";
export type { TunableDevice } from "../tuning/tunable_device.ts";
export type { TuneLog } from "../tuning/tune_log.ts";
