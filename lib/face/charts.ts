/** Charts of results: plain functions from Arrow tables to Vega-Lite specifications, each usable alone. */
export { Chart } from "../charts/chart.ts";
export type { ChartOptions, Spec } from "../charts/spec.ts";
export { bestSoFar } from "../charts/best_so_far.ts";
export { bestOverSeeds } from "../charts/best_over_seeds.ts";
export { confirmed } from "../charts/confirmed.ts";
export { fusedGraph, type FusedGraphOptions } from "../charts/fused_graph.ts";
export { memoryOverTime } from "../charts/memory_over_time.ts";
export { levels } from "../charts/levels.ts";
export { overview } from "../charts/overview.ts";
export { contestsCompared } from "../charts/contests_compared.ts";
export { crossDevice } from "../charts/cross_device.ts";
export { parallelCoordinates, type ParallelOptions } from "../charts/parallel_coordinates.ts";
export { pareto, type WayRow, wayTable } from "../charts/pareto.ts";
export { type PredictionRow, predictions, predictionTable } from "../charts/predictions.ts";
export { spaceHeatmap, type SpaceHeatmapOptions } from "../charts/space_heatmap.ts";
export { type TunerRow, tunersCompared } from "../charts/tuners_compared.ts";
export { tokenRates } from "../charts/token_rates.ts";
export { type TrialCount, trialsToShare, type TrialsToShareOptions } from "../charts/trials_to_share.ts";
export { underRoofline } from "../charts/roofline.ts";
export { whereTimeGoes } from "../charts/where_time_goes.ts";
export {
  type ContestRow,
  geometricMean,
  type Leaderboard,
  type LeaderboardPlace,
  leaderboards,
  timesPeer,
} from "../charts/leaderboard.ts";
export { type Verdict, verdicts } from "../charts/verdict.ts";
