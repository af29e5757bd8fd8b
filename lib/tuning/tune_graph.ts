import type { Budget } from "../autotvm/budget.ts";
import { checkArgument, checkOptions, type Fields } from "../base/check_options.ts";
import { freshName } from "../base/fresh_name.ts";
import { instanceOf, oneOf, required } from "../base/option_kinds.ts";
import { ownValue } from "../base/own_value.ts";
import type { PrimFunc } from "../ir/func.ts";
import { shapesKind } from "../ir/kinds.ts";
import { pickShapes, type Shapes } from "../ir/shapes.ts";
import { TuningDatabase } from "../records/database.ts";
import type { Graph } from "../relax/graph.ts";
import { imageSizes } from "../relax/image_sizes.ts";
import { inferShapes } from "../relax/passes/infer_shapes.ts";
import { compileGraph } from "./compile_graph.ts";
import * as kinds from "./option_fields.ts";
import type { SearchOptions } from "./search_options.ts";
import type { SuiteLog } from "./suite_log.ts";
import type { SuiteMember } from "./suite_tasks.ts";
import type { TunableDevice } from "./tunable_device.ts";
import { tuneFunctions } from "./tune_functions.ts";

/** What `autotvm.tune` takes for a graph. */
export interface TuneGraphOptions
  extends
    Pick<SearchOptions, "tuner" | "seed" | "deadlineMs" | "maxMemory" | "signal" | "reporter" | "open"> {
  /** Shared by all functions of the graph, by the time that each is expected to save. */
  readonly budget: Pick<Budget, "seconds" | "trials">;
  /** The winners are added to it. */
  readonly database?: TuningDatabase;
  /** The most that each shape variable may be. */
  readonly bounds?: Shapes;
  /**
   * `f16`: products and convolutions of f32 take and give f16, and sum in f32; weights take half of their memory. Norms,
   * exponentials and reductions stay in f32. Default: as the graph is written.
   */
  readonly precision?: "f16";
  /** Values of the shape variables to search for. Default: the bounds. */
  readonly shapes?: Shapes;
}

const FIELDS = {
  budget: required(kinds.budget),
  database: instanceOf(TuningDatabase, "a TuningDatabase"),
  bounds: shapesKind,
  shapes: shapesKind,
  precision: oneOf("f16"),
  ...kinds.pick(
    kinds.SEARCH_FIELDS,
    "tuner",
    "seed",
    "deadlineMs",
    "maxMemory",
    "signal",
    "reporter",
    "open",
  ),
} satisfies Fields<TuneGraphOptions>;

/** The values of a function's shape variables to choose a schedule for. */
export function shapesOf(
  func: PrimFunc,
  { shapes = {}, bounds = {} }: Pick<TuneGraphOptions, "shapes" | "bounds">,
): Shapes {
  const values = func.shapeVars.flatMap(({ name }) => {
    const value = ownValue(shapes, name) ?? ownValue(bounds, name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(values);
}

/** Lists the functions of a graph as it is built for a device, each with the number of its calls. */
export function membersOf(
  graph: Graph,
  device: TunableDevice,
  { bounds, precision, ...options }: Pick<TuneGraphOptions, "shapes" | "bounds" | "precision">,
): readonly SuiteMember[] {
  const given = { ...(bounds ? { bounds } : {}), ...(precision ? { precision } : {}) };
  const sizes = pickShapes({ ...bounds, ...options.shapes }, imageSizes(graph));
  const { functions } = compileGraph(inferShapes(graph, { shapes: sizes }), device.target, {
    ...given,
    ...(bounds ? { bounds: pickShapes(bounds, Object.keys(bounds).filter((name) => !(name in sizes))) } : {}),
  });
  const counts = new Map<PrimFunc, number>();
  for (const { func } of functions) counts.set(func, (counts.get(func) ?? 0) + 1);
  const names = new Set<string>();
  return [...counts].map(([func, count]) => ({
    name: freshName(func.name, names),
    func,
    count,
    shapes: shapesOf(func, { ...options, ...given }),
  }));
}

/**
 * Searches the functions of a graph with one budget, as `tuneSuite` does for kernels. On a device of this process presets are
 * timed first, and functions that can't save time have no trial.
 *
 * @throws {RelaxError} for a bound that is missing
 */
export async function tuneGraph(
  graph: Graph,
  device: TunableDevice,
  options: TuneGraphOptions,
): Promise<SuiteLog> {
  checkArgument("autotvm.tune", "device", device, kinds.device);
  checkOptions("autotvm.tune", options, FIELDS);
  const { bounds: _, shapes: __, precision: ___, ...search } = options;
  return await tuneFunctions(membersOf(graph, device, options), device, search);
}
