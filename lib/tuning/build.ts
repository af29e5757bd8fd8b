import { shapesKind } from "../ir/kinds.ts";
import * as dlight from "../dlight/schedule.ts";
import * as kinds from "./option_fields.ts";
import type { Budget } from "../autotvm/budget.ts";
import { isScheduled } from "../dlight/analysis.ts";
import { fallback, wideFallback } from "../dlight/fallback/fallback.ts";
import type { Rule } from "../dlight/rule.ts";
import { TunebookError } from "../base/error.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Found } from "../records/nearness.ts";
import { TuningDatabase } from "../records/database.ts";
import { Interruptible } from "./interrupt.ts";
import type { Device } from "../runtime/device.ts";
import type { Program } from "../runtime/program.ts";
import { Trace } from "../schedule/trace.ts";
import { namedTemplate } from "../space/template.ts";
import { recordConfirmed } from "./confirm.ts";
import { Search } from "./search.ts";
import type { SearchOptions } from "./search_options.ts";
import type { Shapes } from "../ir/shapes.ts";
import { checkArgument, checkOptions, type Fields } from "../base/check_options.ts";
import { instanceOf, oneOf } from "../base/option_kinds.ts";
import { Graph } from "../relax/graph.ts";
import { buildGraph, type GraphBuildOptions } from "./build_graph.ts";
import type { GraphProgram } from "./graph_program.ts";
import type { Built, Level } from "./built.ts";
import { cachedByRule, cachedCompile, compilersOf } from "./cached.ts";
import { byRecord } from "./choose_schedule.ts";
import type { Chosen } from "./by_rule.ts";
import { cacheFor, cacheKind } from "./compile_cache.ts";
import { StageClock } from "./stage_clock.ts";

/** What `build` takes; at level 3 also what a search takes. */
export interface BuildOptions
  extends
    Pick<SearchOptions, "tuner" | "seed" | "deadlineMs" | "maxMemory" | "signal" | "reporter" | "open"> {
  /** Default 1. */
  readonly level?: Level;
  /** Level 2 asks it; level 3 writes to it as well. Its file stays open. */
  readonly database?: TuningDatabase;
  /** Of the search at level 3. */
  readonly budget?: Budget;
  /** Values of the shape variables to choose for at levels 2 and 3; the program runs with any. */
  readonly shapes?: Shapes;
  /**
   * What was compiled earlier is taken from the user's folder for caches, up to 256 MB, and what is compiled is kept there.
   * `false` does neither; a path names another folder. Default: true.
   */
  readonly cache?: boolean | string;
}

/** The options of `build`. */
export const BUILD_FIELDS = {
  level: oneOf(0, 1, 2, 3),
  database: instanceOf(TuningDatabase, "a TuningDatabase"),
  budget: kinds.budget,
  shapes: shapesKind,
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
} satisfies Fields<BuildOptions>;

/** A program, with the origin of its schedule. */
export type BuiltProgram = Program & { readonly built: Built };

/**
 * Builds a graph for a device: the passes of Relax, a schedule for each function, a plan of the memory between them, and one
 * submission for a run. `model.explain()` states what became of it.
 *
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {RelaxError} for a bound that is missing, and for more memory than allowed
 * @throws {RuntimeError} for weights that don't fit
 * @throws {LowerError | LimitError | CompileError} for a function that the device can't run
 */
export async function build(graph: Graph, device: Device, options?: GraphBuildOptions): Promise<GraphProgram>;
/**
 * Builds a program for a device. An unscheduled program is scheduled first, as `level` says; the default is DLight.
 * `program.built` states how, and how long it took. A launch whose shapes exceed the device's limits runs as Fallback
 * schedules the program for long axes.
 *
 * Level 3 always searches, even if the database has a record; level 2 uses the record.
 *
 * @throws {TunebookError} for level 2 without a database, and level 3 without a budget
 * @throws {IrError} for a shape variable without a value, at levels 2 and 3
 * @throws {LowerError | LimitError} where the schedule has no kernel, or exceeds the device's limits
 * @throws {CompileError} for source that the driver refuses
 */
export async function build(func: PrimFunc, device: Device, options?: BuildOptions): Promise<BuiltProgram>;
export async function build(
  func: PrimFunc | Graph,
  device: Device,
  options: BuildOptions | GraphBuildOptions = {},
): Promise<BuiltProgram | GraphProgram> {
  if (func instanceof Graph) return await buildGraph(func, device, options as GraphBuildOptions);
  checkArgument("build", "func", func, kinds.program);
  checkArgument("build", "device", device, kinds.localDevice);
  checkOptions("build", options, BUILD_FIELDS, kinds.RENAMED);
  return await buildAmong(func, device, options as BuildOptions, dlight.rules);
}

/** `build` with some rules only. */
export async function buildAmong(
  func: PrimFunc,
  device: Device,
  options: BuildOptions,
  rules: readonly Rule[],
): Promise<BuiltProgram> {
  const { level = 1 } = options;
  checkLevel(func, level, options);
  const clock = new StageClock(), cache = cacheFor(options.cache);
  let chosen: Chosen;
  if (isScheduled(func)) {
    const because = "it has a schedule already";
    chosen = {
      how: "given",
      rule: "",
      because,
      trace: Trace.of(func, []),
      executable: clock.time("compile", () => cachedCompile(cache, func, device.target)),
    };
  } else if (level < 2) {
    chosen = cachedByRule(cache, func, device.target, level === 0 ? [fallback] : rules, clock);
  } else {
    using own = options.database ? undefined : TuningDatabase.memory();
    const database = options.database ?? own as TuningDatabase;
    const searched = level === 3
      ? await clock.wait("search", () => searchInto(database, func, device, options, rules))
      : undefined;
    chosen = byRecord(func, device.target, { ...options, database, ...compilersOf(cache) }, rules, clock);
    if (searched) {
      const because = `${searched.because}; ${chosen.because}`;
      chosen = { ...chosen, ...(searched.has(chosen.found) ? { how: "search" } : {}), because };
    }
  }
  const { executable, ...how } = chosen;
  const wide = func.shapeVars.length > 0 && !isScheduled(func)
    ? () => device.load(cachedByRule(cache, func, device.target, [wideFallback], new StageClock()).executable)
    : undefined;
  const program = await clock.wait("load", () => device.load(executable, wide));
  return Object.assign(program, { built: { level, ...how, seconds: clock.seconds } });
}

/** @throws {TunebookError} where a level lacks what it needs */
function checkLevel(func: PrimFunc, level: Level, { database, budget }: BuildOptions): void {
  const asked = `cannot build ${func.name} at level ${level}`;
  if (level === 2 && !database) {
    throw new TunebookError(
      `${asked}: it has no database to ask; give one, or take level 1 for DLight's rules`,
    );
  }
  if (level === 3 && !budget) {
    throw new TunebookError(
      `${asked}: its search has no budget; give budget: { trials } or { seconds }, or take level 2 for what is known`,
    );
  }
}

/** Searches the space of the rule that matches, and describes the result. */
async function searchInto(
  database: TuningDatabase,
  func: PrimFunc,
  device: Device,
  { level: _, database: __, cache: ___, budget, signal, ...options }: BuildOptions,
  rules: readonly Rule[],
): Promise<{ readonly because: string; readonly has: (found: Found | undefined) => boolean }> {
  const { rule, template } = dlight.match(func, device.target, rules);
  using stop = new Interruptible(signal);
  await using search = await Search.open(func, device, {
    ...options,
    budget: budget as Budget,
    template: namedTemplate(rule, template),
    signal: stop.signal,
  });
  const stopped = await search.run();
  // Only confirmed trials are added: the fastest of many noisy trials is often only the luckiest.
  const confirmed = await search.confirm({});
  await search.end(stopped);
  const records = confirmed.filter((c) => c.ms > 0).map(recordConfirmed);
  const { added, refused } = database.add(records);
  const not = refused.length > 0 ? `, ${refused.length} refused (${refused[0]})` : "";
  return {
    because: `a search of ${search.records.length} trials, ended by ${stopped}, added ${added} records${not}`,
    has: (found) =>
      records.some((r) => r.trace === found?.record.trace && r.medianMs === found.record.medianMs),
  };
}
