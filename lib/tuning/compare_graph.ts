/** Compares the levels of building one graph. */
import type { Budget } from "../autotvm/budget.ts";
import { checkArgument, checkOptions, type Fields } from "../base/check_options.ts";
import { defined } from "../base/defined.ts";
import { arrayOf, flag, oneOf } from "../base/option_kinds.ts";
import { TunebookError } from "../base/error.ts";
import { median, medianInterval } from "../base/statistics.ts";
import { Chart } from "../charts/chart.ts";
import { levelsSpec } from "../charts/levels.ts";
import { whereTimeGoesSpec } from "../charts/where_time_goes.ts";
import { checkOutput } from "../measure/check.ts";
import { type FunctionRow, functionTable } from "../records/graph_functions.ts";
import { type LevelRow, levelTable } from "../records/graph_levels.ts";
import { TuningDatabase } from "../records/database.ts";
import type { Graph } from "../relax/graph.ts";
import type { Inputs } from "../runtime/arguments.ts";
import type { TypedArray } from "../runtime/arrays.ts";
import type { Bound } from "../runtime/backend.ts";
import type { Device } from "../runtime/device.ts";
import { buildGraph, GRAPH_BUILD_FIELDS, type GraphBuildOptions } from "./build_graph.ts";
import type { Level } from "./built.ts";
import { CONFIRM_ROUNDS, MIN_SAMPLE_MS } from "./rounds.ts";
import { speedup } from "./speedup.ts";
import { inputsFor, weightsFor } from "./graph_arguments.ts";
import { GraphComparison } from "./graph_comparison.ts";
import type { GraphProgram } from "./graph_program.ts";
import { Interruptible } from "./interrupt.ts";
import { InterruptedError } from "./interrupted_error.ts";
import * as kinds from "./option_fields.ts";
import { functionTimes } from "./profile_graph.ts";
import type { SuiteLog } from "./suite_log.ts";
import { timeInterleaved } from "./time_interleaved.ts";
import { tuneGraph } from "./tune_graph.ts";

/** What `compare` takes for a graph. */
export interface CompareGraphOptions extends Omit<GraphBuildOptions, "level"> {
  /** The levels. Default: 0 and 1; 2 where there is a database, and 3 where there is a budget. */
  readonly levels?: readonly Level[];
  /** The weights by name. Default: random ones. */
  readonly weights?: Inputs;
  /** The inputs by name. Default: random ones of the sizes in `shapes`. */
  readonly inputs?: Readonly<Record<string, TypedArray>>;
  /** The results to expect, by name, as a reference gives them. Default: those of the first level. */
  readonly expected?: Readonly<Record<string, ArrayLike<number>>>;
  /** Rounds of the interleaved measurement. Default: 11. */
  readonly rounds?: number;
  /** Also times the functions of each level, each alone. Default: true. */
  readonly functions?: boolean;
}

const { level: _, ...BUILD } = GRAPH_BUILD_FIELDS;

const FIELDS = {
  ...BUILD,
  levels: arrayOf(oneOf(0, 1, 2, 3), { min: 1 }),
  inputs: kinds.arrays,
  expected: kinds.numbers,
  rounds: kinds.rounds,
  functions: flag,
} satisfies Fields<CompareGraphOptions>;

/** A quarter of the error that a float of a level may have, as a share of the value and of all values' root mean square. */
const TOLERANCE = 2.5e-4;

/** A level that was built, with its arguments on the device. */
interface Contender extends BuiltLevel {
  readonly bound: Bound;
}

/**
 * Compares the levels on a graph: builds it at each, checks that all give the same results, and measures them interleaved.
 * Then it times the functions of each level alone.
 *
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TunebookError} for level 2 without a database, and level 3 without a budget
 * @throws {InterruptedError} if it is stopped before every level was measured
 */
export async function compareGraph(
  graph: Graph,
  device: Device,
  options: CompareGraphOptions = {},
): Promise<GraphComparison> {
  checkArgument("compare", "device", device, kinds.localDevice);
  checkOptions("compare", options, FIELDS);
  const { bounds = {}, shapes = bounds, seed = 0, rounds = CONFIRM_ROUNDS, budget } = options;
  const { levels = levelsFor(options) } = options;
  checkLevels(graph, levels, options);
  using stop = new Interruptible(options.signal);
  const { signal } = stop;
  using own = options.database ? undefined : TuningDatabase.memory();
  const given = {
    ...options,
    database: options.database ?? own as TuningDatabase,
    weights: weightsFor(graph, options.weights ?? {}, bounds, seed),
    inputs: inputsFor(graph, options.inputs ?? {}, shapes, seed),
  };
  using held = new DisposableStack();
  const contenders: Contender[] = [];
  let search: SuiteLog | undefined, expected = options.expected;
  // Level 3 comes last, as it adds to what level 2 knows.
  for (const level of [...new Set(levels)].toSorted()) {
    const begin = performance.now();
    if (level === 3) search = await searched(graph, device, given, budget, signal);
    if (signal.aborted) break;
    const built = await contender(graph, device, level, given, expected);
    held.use(built.model);
    held.use(built.bound);
    expected ??= await built.bound.read();
    contenders.push({ ...built, searchSeconds: level === 3 ? (built.begun - begin) / 1000 : 0 });
  }
  const right = contenders.filter((c) => c.checked.wrong === undefined);
  const timing = { rounds, minSampleMs: MIN_SAMPLE_MS, signal };
  const samples = await timeInterleaved(right.map((c) => c.bound), device.target, timing);
  if (signal.aborted) throw new InterruptedError(`the comparison of ${graph.name}`, search?.records ?? []);
  const rows = rowsOf(contenders, new Map(right.map((c, k) => [c, samples[k] ?? []])));
  const functions: FunctionRow[] = [];
  for (const { model, level } of options.functions === false ? [] : right) {
    functions.push(...await functionTimes({ built: model.built, level, device }, { shapes, seed, signal }));
  }
  return comparisonOf(graph, device, rows, functions, search);
}

/** The levels that a comparison has by default: those that need nothing, and those whose need is given. */
export function levelsFor(
  { database, budget }: Pick<CompareGraphOptions, "database" | "budget">,
): readonly Level[] {
  return [0, 1, ...(database ? [2 as const] : []), ...(budget ? [3 as const] : [])];
}

/** @throws {TunebookError} where a level lacks what it needs */
function checkLevels(
  graph: Graph,
  levels: readonly Level[],
  { database, budget }: CompareGraphOptions,
): void {
  const lacks = (what: string, level: Level, without: string) =>
    new TunebookError(
      `expected ${what} to compare ${graph.name} at level ${level}, got none; leave the level out, or give ${without}`,
    );
  if (levels.includes(2) && !database) throw lacks("a database", 2, "database: TuningDatabase.memory()");
  if (levels.includes(3) && !budget) throw lacks("a budget", 3, "budget: { seconds } or { trials }");
}

type Given = CompareGraphOptions & Required<Pick<CompareGraphOptions, "database" | "weights" | "inputs">>;

async function searched(
  graph: Graph,
  device: Device,
  given: Given,
  budget: Pick<Budget, "seconds" | "trials"> | undefined,
  signal: AbortSignal,
): Promise<SuiteLog> {
  const { tuner, seed, deadlineMs, maxMemory, reporter, open, database, bounds, shapes, precision } = given;
  const own = { tuner, seed, deadlineMs, maxMemory, reporter, open };
  const known = { ...own, database, bounds, shapes, precision, signal };
  return await tuneGraph(graph, device, { ...defined(known), budget: budget ?? {} });
}

/** Builds a level, runs it once on poisoned results, and holds these against the expected ones. */
async function contender(
  graph: Graph,
  device: Device,
  level: Level,
  { weights, inputs, database, bounds, shapes, memory, precision, cache }: Given,
  expected: CompareGraphOptions["expected"],
): Promise<Omit<Contender, "searchSeconds"> & { readonly begun: number }> {
  const begun = performance.now();
  using made = new DisposableStack();
  // After its search, level 3 takes what level 2 knows.
  const model = made.use(
    await buildGraph(graph, device, {
      weights,
      database,
      level: level === 3 ? 2 : level,
      ...defined({ bounds, shapes, memory, precision, cache }),
    }),
  );
  const buildSeconds = (performance.now() - begun) / 1000;
  const bound = made.use(await model.bind(inputs, shapes ?? bounds ?? {}));
  bound.poison();
  await bound.run(1);
  const checked = expected ? check(await bound.read(), expected, graph) : { maxError: 0 };
  made.move();
  return { level, model, bound, buildSeconds, checked, begun };
}

function check(
  got: Awaited<ReturnType<Bound["read"]>>,
  expected: NonNullable<CompareGraphOptions["expected"]>,
  graph: Graph,
): Contender["checked"] {
  const half = graph.bindings.some((b) => b.results.some((v) => v.type.dtype === "f16"));
  const parts = Object.entries(got).map(([name, array]) => {
    const want = expected[name];
    if (!want) {
      return { maxError: 0, wrong: `expected results for ${Object.keys(expected).join(", ")}, got ${name}` };
    }
    const exact = !(array instanceof Float32Array || array instanceof Float16Array);
    return checkOutput(name, array, want, exact ? "f32" : half ? "f16" : boundsOf(want));
  });
  const wrong = parts.find((p) => p.wrong !== undefined)?.wrong;
  const maxError = Math.max(0, ...parts.map((p) => p.maxError));
  return { maxError, ...(wrong === undefined ? {} : { wrong: `${wrong}, in ${graph.name}` }) };
}

/** How far a float may be off in each element: sums of many terms, layer after layer, differ by their order. */
function boundsOf(want: ArrayLike<number>): Float64Array {
  const values = Float64Array.from(want, Math.abs).map((x) => Number.isFinite(x) ? x : 0);
  const rms = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / Math.max(1, values.length));
  return values.map((x) => TOLERANCE * (x + rms));
}

function rowsOf(
  contenders: readonly Contender[],
  samplesOf: ReadonlyMap<Contender, readonly number[]>,
): readonly LevelRow[] {
  const first = contenders[0] && samplesOf.get(contenders[0]) || [];
  return contenders.map((c) => levelRowOf(c, c.model.built.graph.name, samplesOf.get(c) ?? [], first));
}

/** What became of a level, but for its times. */
export interface BuiltLevel {
  /** The level: 0 to 3. */
  readonly level: Level;
  /** What it built. */
  readonly model: GraphProgram;
  /** Seconds from the graph to the program. */
  readonly buildSeconds: number;
  /** Seconds of the search. */
  readonly searchSeconds: number;
  /** How its results are. */
  readonly checked: { readonly maxError: number; readonly wrong?: string };
}

/** Makes a level's row. `first` has the samples of the first level. */
export function levelRowOf(
  { level, model: { built, launches }, buildSeconds, searchSeconds, checked }: BuiltLevel,
  graph: string,
  samples: readonly number[],
  first: readonly number[],
): LevelRow {
  return {
    graph,
    level,
    status: checked.wrong === undefined ? "ok" : "wrongAnswer",
    message: checked.wrong ?? "",
    launches,
    calls: built.functions.length,
    bytes: built.memory.bytes,
    tuned: built.functions.filter((f) => f.how === "record").length,
    buildSeconds,
    searchSeconds,
    maxError: checked.maxError,
    ...timesOf(samples, first),
  };
}

/** Gives a level's times, and how many times as fast as the first level it is. */
function timesOf(
  samples: readonly number[],
  first: readonly number[],
): Pick<LevelRow, "medianMs" | "lowMs" | "highMs" | "speedup" | "lowSpeedup" | "highSpeedup" | "samples"> {
  const interval = medianInterval(samples), faster = speedup({ samples }, { samples: first });
  return {
    medianMs: median(samples),
    lowMs: interval.low,
    highMs: interval.high,
    speedup: faster.ratio,
    lowSpeedup: faster.low,
    highSpeedup: faster.high,
    samples,
  };
}

/** Makes a comparison of its rows, with its charts. */
export function comparisonOf(
  graph: Pick<Graph, "name">,
  device: Device,
  rows: readonly LevelRow[],
  functionRows: readonly FunctionRow[],
  search: SuiteLog | undefined,
): GraphComparison {
  const levels = levelTable(rows), { name } = device.target;
  const last = functionRows.filter((r) => r.level === functionRows.at(-1)?.level);
  const said = { title: `Where the time of ${graph.name} goes`, subtitle: name };
  return new GraphComparison({
    rows,
    levels,
    functions: functionTable(functionRows),
    functionRows,
    search,
    charts: {
      levels: new Chart(levelsSpec(rows, { title: graph.name, subtitle: name })),
      whereTimeGoes: new Chart(whereTimeGoesSpec(functionTable(last), said)),
    },
  });
}
