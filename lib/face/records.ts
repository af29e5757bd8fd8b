/** Results as Arrow: logs, databases, recorded spaces, what pages share; and the statistics of samples. */
export { type Added, TuningDatabase } from "../records/database.ts";
export type { Found } from "../records/nearness.ts";
export { readLog, RecordLog } from "../records/log.ts";
export type { TrialRecord } from "../records/record.ts";
export { readSpace, type RecordedSpace, type SpacePoint } from "../records/recorded_space.ts";
export { recordsToTable, tableToRecords } from "../records/table.ts";
export { type KernelRow, kernelTable, type MeasuredKernel } from "../records/kernels.ts";
export type { FunctionRow } from "../records/graph_functions.ts";
export type { MemoryRow } from "../records/graph_memory.ts";
export type { GraphNodeRow } from "../records/graph_nodes.ts";
export type { LevelRow } from "../records/graph_levels.ts";
export type { Manifest, SharedResult, SharedSchedule, SharedTask } from "../records/manifest.ts";
export type { RerunRow } from "../records/rerun.ts";
export type { SummaryRow } from "../records/summary.ts";
export { type Roofline, roofline } from "../estimate/roofline.ts";
export { type ConfidenceInterval, median } from "../base/statistics.ts";
