/** Every error that the module raises on purpose; all are `TunebookError`s. */
export { OptionError, TunebookError } from "../base/error.ts";
export { IrError, VerifyError } from "../ir/error.ts";
export { TeError } from "../te/error.ts";
export { RelaxError } from "../relax/error.ts";
export { ScheduleError } from "../schedule/error.ts";
export { SpaceError } from "../space/error.ts";
export { RejectedConfig } from "../space/knobs.ts";
export { LimitError, LowerError } from "../lower/error.ts";
export * from "../runtime/error.ts";
export { MeasurerError } from "../measure/measurer.ts";
export { FleetError, QueueFullError } from "../fleet/error.ts";
export { TunerError } from "../autotvm/error.ts";
export { RecordError } from "../records/error.ts";
export { ChartError } from "../charts/error.ts";
export { ModelError } from "../models/error.ts";
export { OnnxError } from "../models/onnx/error.ts";
export { CacheError } from "../tuning/cache_folder.ts";
export { InterruptedError } from "../tuning/interrupted_error.ts";
