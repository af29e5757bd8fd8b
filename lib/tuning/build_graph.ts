/** Graphs on devices. */
import type { Budget } from "../autotvm/budget.ts";
import { checkArgument, checkOptions, type Fields, type Kind } from "../base/check_options.ts";
import { byteCount, bytesOf } from "../base/byte_count.ts";
import { arrayOf, instanceOf, oneOf, passing, recordOf, text } from "../base/option_kinds.ts";
import { ownValue } from "../base/own_value.ts";
import { TunebookError } from "../base/error.ts";
import { fallback, wideFallback } from "../dlight/fallback/fallback.ts";
import { rules } from "../dlight/schedule.ts";
import type { PrimFunc } from "../ir/func.ts";
import { shapesKind } from "../ir/kinds.ts";
import { pickShapes } from "../ir/shapes.ts";
import { TuningDatabase } from "../records/database.ts";
import type { Graph } from "../relax/graph.ts";
import { imageSizes } from "../relax/image_sizes.ts";
import { inferShapes } from "../relax/passes/infer_shapes.ts";
import type { Inputs, Shapes } from "../runtime/arguments.ts";
import type { TypedArray } from "../runtime/arrays.ts";
import type { Device } from "../runtime/device.ts";
import { DeviceTensor } from "../runtime/device_tensor.ts";
import { shortType } from "../relax/print_graph.ts";
import type { Level } from "./built.ts";
import { byRecord } from "./choose_schedule.ts";
import { cachedGraph, compilersOf } from "./cached.ts";
import { cacheFor, cacheKind, type CompileCache } from "./compile_cache.ts";
import { assembleGraph, type ChosenSchedule, scheduleGraph } from "./compile_graph.ts";
import { GraphProgram } from "./graph_program.ts";
import * as kinds from "./option_fields.ts";
import { SpecializedRuns } from "./specialized_runs.ts";
import { StageClock } from "./stage_clock.ts";
import { transformWeights } from "./transform_weights.ts";
import { shapesOf, tuneGraph, type TuneGraphOptions } from "./tune_graph.ts";
import { storageOf } from "../ir/stored.ts";

/** What `build` takes for a graph; at level 3 also what a search takes. */
export interface GraphBuildOptions extends Omit<TuneGraphOptions, "budget"> {
  /**
   * The weights by name, as typed arrays of their dtypes or tensors of the device. Graphs that are built with the same
   * tensors share them there.
   */
  readonly weights?: Inputs;
  /** The most that intermediate values may take: bytes, or text as `"256 MiB"`. Default: no limit. */
  readonly memory?: number | string;
  /**
   * 0: Fallback schedules every function, unfused. 1: DLight's rules, and functions fused where a rule takes them. 2: the best
   * or nearest record of the database for each function, or its rule. 3: a search of all functions within the budget; then
   * level 2. Default: 1.
   */
  readonly level?: Level;
  /**
   * Shape variables that each get programs for their values: one is built when a run first has a size, and the last four are
   * kept, each with its weights. Default: the rows and columns of images that windows slide over.
   */
  readonly specialize?: readonly string[];
  /** Of the search at level 3, shared by all functions. */
  readonly budget?: Pick<Budget, "seconds" | "trials">;
  /**
   * What was compiled earlier is taken from the user's folder for caches, up to 256 MB, and what is compiled is kept there.
   * `false` does neither; a path names another folder. Default: true.
   */
  readonly cache?: boolean | string;
}

const weightKind: Kind<TypedArray | DeviceTensor> = passing<TypedArray | DeviceTensor>(
  "a typed array, or a tensor of the device",
  (x) => ArrayBuffer.isView(x) || x instanceof DeviceTensor,
);

const FIELDS = {
  weights: recordOf(weightKind),
  bounds: shapesKind,
  shapes: shapesKind,
  memory: byteCount,
  level: oneOf(0, 1, 2, 3),
  precision: oneOf("f16"),
  database: instanceOf(TuningDatabase, "a TuningDatabase"),
  budget: kinds.budget,
  specialize: arrayOf(text),
  cache: cacheKind,
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
} satisfies Fields<GraphBuildOptions>;

/** The kinds of {@linkcode GraphBuildOptions}. */
export const GRAPH_BUILD_FIELDS: typeof FIELDS = FIELDS;

/**
 * Builds a graph for a device: the passes of Relax, a schedule for each function, a plan of the memory between them, and one
 * submission for a run.
 *
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {RelaxError} for a bound that is missing, and for more memory than allowed
 * @throws {RuntimeError} for weights that don't fit
 * @throws {LowerError | LimitError | CompileError} for a function that the device can't run
 */
export async function buildGraph(
  graph: Graph,
  device: Device,
  options: GraphBuildOptions = {},
): Promise<GraphProgram> {
  checkArgument("build", "device", device, kinds.localDevice);
  checkOptions("build", options, GRAPH_BUILD_FIELDS);
  const { weights = {}, ...rest } = options;
  checkWeightNames(graph, weights);
  const names = specializedNames(graph, options.specialize);
  if (names.length > 0) return await buildSpecialized(graph, device, options, names);
  using loaded = await loadGraph(graph, device, rest);
  return await loaded.with(weights);
}

/** A graph whose kernels are compiled on a device, before its weights are there. Dispose it. */
export interface LoadedGraph extends Disposable {
  /** Puts the weights to it; the program is the caller's from then on. Called once. */
  readonly with: (weights: Inputs) => Promise<GraphProgram>;
}

/** Compiles a graph on a device, as {@linkcode buildGraph} does. */
export async function loadGraph(
  graph: Graph,
  device: Device,
  options: Omit<GraphBuildOptions, "weights">,
): Promise<LoadedGraph> {
  const { target } = device, { level = 1, bounds = {}, memory, precision } = options;
  const common = { bounds, ...(memory === undefined ? {} : { memory: bytesOf(memory) }) };
  const passes = precision ? { precision } : {};
  const cache = cacheFor(options.cache);
  const choose = await chooserOf(graph, device, level, options, cache);
  const among = level === 0 ? [fallback] : rules;
  const scheduled = choose
    ? scheduleGraph(graph, target, { ...passes, among, choose })
    : cachedGraph(cache, graph, target, among, passes);
  const built = assembleGraph(scheduled, target, common);
  const wide = async () => {
    const scheduled = cachedGraph(cache, graph, target, [wideFallback], passes);
    return await device.load(assembleGraph(scheduled, target, common).executable);
  };
  const made = new DisposableStack();
  const program = made.use(await device.load(built.executable, wide));
  return {
    async with(given) {
      checkWeightNames(graph, given);
      const weights = await transformWeights(built.graph, given);
      const constants = built.graph.constants.map((v) => v.name);
      const prepared = Object.keys(weights).length > 0
        ? made.use(await program.prepare(weights, {}, constants))
        : undefined;
      const on = { source: graph, level, device, bounds };
      return new GraphProgram(built, prepared ?? program, made.move(), on);
    },
    [Symbol.dispose]: () => made.dispose(),
  };
}

/** @throws {TunebookError} for a name that is no shape variable */
function specializedNames(graph: Graph, given: readonly string[] = imageSizes(graph)): readonly string[] {
  const known = graph.shapeVars.map((v) => v.name), unknown = given.find((name) => !known.includes(name));
  if (unknown === undefined) return given;
  throw new TunebookError(
    `expected shape variables of ${graph.name} in specialize, got ${unknown}; it has ${
      known.join(", ") || "none"
    }`,
  );
}

/** Builds the program of the bounds, and others as runs have other sizes. */
async function buildSpecialized(
  graph: Graph,
  device: Device,
  options: GraphBuildOptions,
  names: readonly string[],
): Promise<GraphProgram> {
  const { bounds = {}, shapes, level = 1 } = options;
  const open = names.find((name) => bounds[name] === undefined);
  if (open !== undefined) {
    throw new TunebookError(
      `expected a bound of each shape variable of ${graph.name}, got none of ${open}: give bounds { ${open}: … }`,
    );
  }
  const database = options.database ?? TuningDatabase.memory();
  const others = graph.shapeVars.map((v) => v.name).filter((name) => !names.includes(name));
  const make = (level: Level) => async (sizes: Shapes) =>
    await buildGraph(inferShapes(graph, { shapes: sizes }), device, {
      ...options,
      level,
      specialize: [],
      bounds: pickShapes(bounds, others),
      ...(shapes ? { shapes: pickShapes(shapes, others) } : {}),
      ...(level < 2 ? {} : { database }),
    });
  // A search is for the shapes, or the bounds; other sizes take the records that are nearest.
  const sizes = pickShapes({ ...bounds, ...shapes }, names), first = await make(level)(sizes);
  const runs = new SpecializedRuns(graph, device.target, {
    names,
    bounds,
    make: make(level === 3 ? 2 : level),
  });
  runs.add(sizes, first);
  using made = new DisposableStack();
  made.use(runs);
  return new GraphProgram(first.built, runs, made.move(), { source: graph, level, device, bounds });
}

/**
 * How functions are scheduled at levels 2 and 3; undefined below.
 *
 * @throws {TunebookError} where a level lacks what it needs
 */
async function chooserOf(
  graph: Graph,
  device: Device,
  level: Level,
  options: Omit<GraphBuildOptions, "weights">,
  cache: CompileCache | undefined,
): Promise<((func: PrimFunc) => ChosenSchedule) | undefined> {
  if (level < 2) return undefined;
  const {
    database = TuningDatabase.memory(),
    budget,
    memory: _,
    level: __,
    cache: ___,
    ...search
  } = options;
  if (level === 2 && !options.database) {
    throw new TunebookError(
      `expected a database to build ${graph.name} at level 2, got none; level 1 takes the rules`,
    );
  }
  if (level === 3) {
    if (!budget) {
      throw new TunebookError(
        `expected a budget to build ${graph.name} at level 3, got none: { seconds } or { trials }; level 2 takes what is known`,
      );
    }
    await tuneGraph(graph, device, { ...search, database, budget });
  }
  return (func) => {
    const known = { database, shapes: shapesOf(func, options), ...compilersOf(cache) };
    return byRecord(func, device.target, known, rules, new StageClock());
  };
}

/** @throws {TunebookError} for a weight that is missing, a tensor of another type, and for one that the graph doesn't have */
function checkWeightNames(g: Graph, given: Inputs): void {
  const names = g.givenWeights.map((v) => v.name), takes = names.join(", ") || "none";
  const missing = names.find((name) => ownValue(given, name) === undefined);
  if (missing !== undefined) {
    throw new TunebookError(`expected weights ${takes}, got none for ${missing}, building ${g.name}`);
  }
  for (const { name, type } of g.givenWeights) {
    const tensor = given[name];
    if (!(tensor instanceof DeviceTensor)) continue;
    const fits = tensor.dtype === storageOf(type) && tensor.shape.length === type.shape.length &&
      type.shape.every((d, k) => d.kind !== "const" || d.value === tensor.shape[k]);
    if (fits) continue;
    throw new TunebookError(
      `expected ${name} of ${shortType(type)}, got a tensor ${tensor.dtype}[${tensor.shape.join(", ")}], ` +
        `building ${g.name}`,
    );
  }
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new TunebookError(`expected weights ${takes}, got one for ${unknown}, building ${g.name}`);
}
