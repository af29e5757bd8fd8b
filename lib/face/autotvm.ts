/** The search over a space, measured and checked on a device, led by a learned cost model. */
export { tune, type TuneOptions } from "../tuning/tune.ts";
export type { TuneLog } from "../tuning/tune_log.ts";
export type { SearchOptions } from "../tuning/search_options.ts";
export type { ConfirmOptions } from "../tuning/rounds.ts";
export type { Stopped } from "../tuning/search.ts";
export type { TunableDevice } from "../tuning/tunable_device.ts";
export type { Budget } from "../autotvm/budget.ts";
export type { Buckets, SuiteMember } from "../tuning/suite_tasks.ts";
export { tuneSuite, type TuneSuiteOptions } from "../tuning/tune_suite.ts";
export type { SuiteLog, SuiteRow } from "../tuning/suite_log.ts";
export type { Confirmed } from "../tuning/confirm.ts";
export type { Speedup } from "../tuning/speedup.ts";
export { recordSpace, type RecordSpaceOptions } from "../tuning/record_space.ts";
export { simulate, type SimulateOptions } from "../tuning/simulate.ts";
export { type SpaceFacts, spaceFacts, type TrialStep, trialSteps } from "../tuning/describe_space.ts";
export { predictSpace, type PredictSpaceOptions } from "../tuning/predict_space.ts";
export { createTuner, type TunerName, tunerNames } from "../autotvm/create_tuner.ts";
export { RECOMMENDED as recommended, type Recommended } from "../autotvm/recommended.ts";
export type { Importance, Told, Trust, Tuner, TunerOptions } from "../autotvm/tuner.ts";
export { ConfigSpace } from "../space/config_space.ts";
export { narrow, type Narrowing } from "../space/narrow.ts";
export type { Annotation, Config, Factors, Knobs, KnobValue } from "../space/knobs.ts";
export type { Template } from "../space/template.ts";
export { Measurer } from "../measure/measurer.ts";
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
export type { KernelSource } from "../measure/kernel_source.ts";
export type { Failed, Failure, Measurement, Success } from "../measure/measurement.ts";
