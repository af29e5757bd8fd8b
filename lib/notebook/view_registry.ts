/**
 * The view of each kind of object. The rooms that make programs, schedules and spaces do not depend on notebooks. This
 * registry adds the methods by which their objects show themselves in a cell and in a console.
 */
import "./chart_view.ts";
import { Table } from "npm:apache-arrow@21.2.0";
import { PrimFunc } from "../ir/func.ts";
import { Schedule } from "../schedule/schedule.ts";
import { Trace } from "../schedule/trace.ts";
import { ConfigSpace } from "../space/config_space.ts";
import { type Explained, ExplanationView } from "./explanation.ts";
import { KernelsView } from "./kernels_view.ts";
import { type ScheduledProgram, ScheduledView } from "./scheduled_view.ts";
import { type Kernels, Source, sourceOf } from "./source.ts";
import { configSheet, isConfig, SpaceView } from "./space_view.ts";
import { steps } from "./steps.ts";
import { sheetOf } from "./tables.ts";
import { seenInParts } from "./parts.ts";
import { Comparison, Comparisons } from "../tuning/comparison.ts";
import { TuneLog } from "../tuning/tune_log.ts";
import { SuiteLog } from "../tuning/suite_log.ts";
import { Rerun } from "../tuning/rerun.ts";
import {
  comparisonParts,
  comparisonsParts,
  raceParts,
  rerunParts,
  searchParts,
  suiteParts,
} from "./outcome.ts";
import { Graph } from "../relax/graph.ts";
import { printGraph } from "../relax/print_graph.ts";
import { GraphComparison } from "../tuning/graph_comparison.ts";
import { GraphProfile } from "../tuning/graph_profile.ts";
import { GraphProgram } from "../tuning/graph_program.ts";
import {
  graphComparisonParts,
  graphParts,
  graphProgramParts,
  profileParts,
  tokenComparisonParts,
} from "./graph_views.ts";
import { TokenComparison } from "../tuning/token_comparison.ts";
import { Explanation } from "../dlight/explain.ts";
import { Program } from "../runtime/program.ts";
import { seenAs, View } from "./view.ts";
import { Race } from "../tuning/race.ts";

/** Makes the view of one kind of object; undefined for all other objects. */
type Viewer = (thing: object) => View | undefined;

function viewer<T extends object>(is: (thing: object) => thing is T, view: (thing: T) => View): Viewer {
  return (thing) => is(thing) ? view(thing) : undefined;
}

function a<T extends object>(kind: { readonly prototype: T }) {
  return (thing: object): thing is T => thing instanceof (kind as unknown as new () => T);
}

/** All viewers. The first one that returns a view is used. */
const VIEWERS: readonly Viewer[] = [
  viewer(a(View), (view) => view),
  viewer(a(PrimFunc), (func) => sourceOf(func)),
  viewer(a(Schedule), (schedule) => steps(schedule)),
  viewer(a(Trace), (trace) => sourceOf(trace)),
  viewer(a(ConfigSpace), (space) => new SpaceView(space)),
  viewer(a(Table), sheetOf),
  viewer((x): x is Explained => "verdicts" in x && "steps" in x, (e) => new ExplanationView(e)),
  viewer(
    (x): x is ScheduledProgram => "rule" in x && "trace" in x && "preset" in x && "space" in x,
    (s) => new ScheduledView(s),
  ),
  viewer(
    (x): x is { readonly executable: Kernels } => "executable" in x,
    (p) => new KernelsView(p.executable),
  ),
  viewer((x): x is Kernels => "launches" in x && "language" in x, (e) => new KernelsView(e)),
  viewer(isConfig, configSheet),
];

/** Returns the view of an object. An unknown object is shown as `Deno.inspect` prints it. */
export function viewOf(thing: object): View {
  for (const viewer of VIEWERS) {
    const view = viewer(thing);
    if (view) return view;
  }
  return new Source(Deno.inspect(thing), "js");
}

for (const kind of [PrimFunc, Schedule, Trace, ConfigSpace, Explanation, Program]) {
  seenAs(kind.prototype as object, viewOf);
}
seenInParts(Comparison.prototype, comparisonParts);
seenInParts(Comparisons.prototype, comparisonsParts);
seenInParts(Race.prototype, raceParts);
seenInParts(TuneLog.prototype, searchParts);
seenInParts(SuiteLog.prototype, suiteParts);
seenInParts(Rerun.prototype, rerunParts);
seenInParts(Graph.prototype, graphParts, (g) => printGraph(g));
seenInParts(GraphProgram.prototype, graphProgramParts);
seenInParts(GraphProfile.prototype, profileParts);
seenInParts(GraphComparison.prototype, graphComparisonParts);
seenInParts(TokenComparison.prototype, tokenComparisonParts);

/**
 * Makes all Arrow tables show themselves as the last value of a cell. Only a kernel's prelude may call it, as it changes
 * a class of another package.
 */
export function showArrowTables(): void {
  seenAs(Table.prototype as object, viewOf);
}
