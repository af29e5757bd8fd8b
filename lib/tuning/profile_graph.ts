/** Times the functions of a built graph, each by itself. */
import type { Fields } from "../base/check_options.ts";
import { freshName } from "../base/fresh_name.ts";
import { median } from "../base/statistics.ts";
import { Chart } from "../charts/chart.ts";
import { whereTimeGoesSpec } from "../charts/where_time_goes.ts";
import { flopsOf, trafficOf } from "../estimate/work.ts";
import { shapesKind } from "../ir/kinds.ts";
import { pickShapes, type Shapes } from "../ir/shapes.ts";
import { randomInputs } from "../measure/random_inputs.ts";
import { type FunctionRow, functionTable } from "../records/graph_functions.ts";
import type { Bound } from "../runtime/backend.ts";
import type { Device } from "../runtime/device.ts";
import type { BuiltFunction, BuiltGraph } from "./built_graph.ts";
import { GraphProfile } from "./graph_profile.ts";
import * as kinds from "./option_fields.ts";
import { timeInterleaved } from "./time_interleaved.ts";

/** What `profile` of a built graph takes. */
export interface ProfileOptions {
  /** Values of the shape variables. Default: the bounds that the graph was built for. */
  readonly shapes?: Shapes;
  /** Samples of each function. Default: 5. */
  readonly rounds?: number;
  /** Seed of the random inputs, a 32-bit integer. Default: 0. */
  readonly seed?: number;
  /** Ends it early: functions that were not timed have NaN. */
  readonly signal?: AbortSignal;
}

/** The kinds of {@linkcode ProfileOptions}. */
export const PROFILE_FIELDS = {
  shapes: shapesKind,
  rounds: kinds.rounds,
  seed: kinds.seed,
  signal: kinds.signal,
} satisfies Fields<ProfileOptions>;

/** Samples of each function by default, and the shortest of them, milliseconds. */
const ROUNDS = 5, MIN_SAMPLE_MS = 20;

/** What is profiled: a built graph, and what tells it from others. */
export interface Profiled {
  /** The graph. */
  readonly built: BuiltGraph;
  /** The level that built it. */
  readonly level: number;
  /** Where it runs. */
  readonly device: Device;
}

/** Times each function on random inputs of its own, alone on the device, and gives its rows. The slowest come first. */
export async function functionTimes(
  { built, level, device }: Profiled,
  { shapes = {}, rounds = ROUNDS, seed = 0, signal }: ProfileOptions,
): Promise<readonly FunctionRow[]> {
  const calls = Map.groupBy(built.functions, (f) => f);
  const names = new Set<string>();
  const rows: Omit<FunctionRow, "share">[] = [];
  for (const [f, { length: count }] of calls) {
    const own = shapesFor(f, shapes);
    rows.push({
      kernel: freshName(f.func.name, names),
      kind: f.rule,
      contestant: `level ${level}`,
      count,
      flops: flopsOf(f.func, own),
      bytes: trafficOf(f.func, own),
      ms: signal?.aborted ? NaN : await timeAlone(f, own, device, { rounds, seed, signal }),
      level,
      launches: f.executable.launches.filter((l) => !l.prepares).length,
      how: f.how,
    });
  }
  const all = rows.reduce((ms, r) => ms + r.count * r.ms, 0);
  return rows.map((r) => ({ ...r, share: r.count * r.ms / all }))
    .toSorted((a, b) => b.count * b.ms - a.count * a.ms);
}

async function timeAlone(
  f: BuiltFunction,
  shapes: Shapes,
  device: Device,
  { rounds, seed, signal }: {
    readonly rounds: number;
    readonly seed: number;
    readonly signal: AbortSignal | undefined;
  },
): Promise<number> {
  using program = await device.load(f.executable);
  using bound = await program.bind(randomInputs(f.func, seed, shapes), shapes);
  const [samples = []] = await timeInterleaved([bound], device.target, {
    rounds,
    minSampleMs: MIN_SAMPLE_MS,
    signal,
  });
  return median(samples);
}

function shapesFor({ func }: BuiltFunction, shapes: Shapes): Shapes {
  return pickShapes(shapes, func.shapeVars.map((v) => v.name));
}

/** Times the functions, and the graph as a whole before them and after. */
export async function profileGraph(
  profiled: Profiled,
  bound: Bound,
  options: ProfileOptions,
): Promise<GraphProfile> {
  const { rounds = ROUNDS, signal } = options, { target } = profiled.device;
  const timing = { rounds: Math.ceil(rounds / 2), minSampleMs: MIN_SAMPLE_MS, signal };
  const [before = []] = await timeInterleaved([bound], target, timing);
  const rows = await functionTimes(profiled, options);
  const [after = []] = await timeInterleaved([bound], target, timing);
  const { name } = profiled.built.graph, table = functionTable(rows);
  return new GraphProfile({
    name,
    rows,
    table,
    ms: median([...before, ...after]),
    sumMs: rows.reduce((ms, r) => ms + r.count * r.ms, 0),
    chart: new Chart(
      whereTimeGoesSpec(table, { title: `Where the time of ${name} goes`, subtitle: target.name }),
    ),
  });
}
