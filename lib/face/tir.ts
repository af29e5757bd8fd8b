/** Programs and schedules as data: TensorIR's parts, and the passes that lower them. */
export { specialize } from "../arith/specialize.ts";
export { printStmt } from "../ir/print.ts";
export { type Pass, passes } from "../lower/pipeline.ts";
export { Trace, type TraceJson } from "../schedule/trace.ts";
export type { Step } from "../schedule/step.ts";
export type { IndexMap } from "../schedule/index_map.ts";
