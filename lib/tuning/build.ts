import { shapesKind } from "../ir/kinds.ts";
import * as dlight from "../dlight/schedule.ts";
import * as kinds from "./option_fields.ts";
import type { Budget } from "../autotvm/budget.ts";
import { compile } from "../codegen/compile.ts";
import type { Executable } from "../codegen/executable.ts";
import { nodesOf } from "../dlight/analysis.ts";
import { fallback, wideFallback } from "../dlight/fallback/fallback.ts";
import type { Rule } from "../dlight/rule.ts";
import { TunebookError } from "../base/error.ts";
import { fingerprint } from "../ir/fingerprint.ts";
import type { PrimFunc } from "../ir/func.ts";
import { configOf } from "../records/config.ts";
import type { Found } from "../records/nearness.ts";
import { isRulesOwn, TuningDatabase } from "../records/database.ts";
import { Interruptible } from "./interrupt.ts";
import type { Device } from "../runtime/device.ts";
import type { Program } from "../runtime/program.ts";
import { replay, Trace } from "../schedule/trace.ts";
import { namedTemplate, spaceOf } from "../space/template.ts";
import type { Target } from "../target/target.ts";
import { CONFIRM_ROUNDS, recordConfirmed } from "./confirm.ts";
import { transferred } from "./transfer.ts";
import { Search } from "./search.ts";
import type { SearchOptions } from "./search_options.ts";
import type { Shapes } from "../ir/shapes.ts";
import { checkArgument, checkOptions, type Fields } from "../base/check_options.ts";
import { instanceOf, oneOf } from "../base/option_kinds.ts";
import { Graph } from "../relax/graph.ts";
import { buildGraph, type GraphBuildOptions } from "./build_graph.ts";
import type { GraphProgram } from "./graph_program.ts";
import { StageClock, type StageSeconds } from "./stage_clock.ts";

/**
 * The effort for a good schedule. 0: Fallback, which schedules any program. 1: the DLight rule that matches. 2: the best
 * or nearest record of a tuning database for this program and device, or DLight. 3: a search on this device within a
 * budget, whose results are added to the database; then level 2.
 */
export type Level = 0 | 1 | 2 | 3;

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
}

/** The options of `build`. */
export const BUILD_FIELDS = {
  level: oneOf(0, 1, 2, 3),
  database: instanceOf(TuningDatabase, "a TuningDatabase"),
  budget: kinds.budget,
  shapes: shapesKind,
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

/** The origin of a program's schedule, and the time of building it. */
export interface Built {
  /** The level that was asked for. */
  readonly level: Level;
  /** `given`: the program was scheduled already, and was built unchanged. */
  readonly how: "given" | "rule" | "record" | "search";
  /** The rule, also if a record chose the point of its space; empty without a rule. */
  readonly rule: string;
  /** The record, where there is one. */
  readonly found?: Found;
  /** Why this schedule was taken, in a sentence. */
  readonly because: string;
  /** The schedule's steps: `replay(func, trace)` gives the scheduled program. Empty where `how` is "given". */
  readonly trace: Trace;
  /** Seconds of each stage; drivers may put off their own compilation until the first run. */
  readonly seconds: StageSeconds;
}

/** A program, with the origin of its schedule. */
export type BuiltProgram = Program & { readonly built: Built };

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
  const clock = new StageClock();
  let chosen: Chosen;
  if (!nodesOf(func)) {
    const because = "it has a schedule already";
    chosen = {
      how: "given",
      rule: "",
      because,
      trace: Trace.of(func, []),
      executable: clock.time("compile", () => compile(func, device.target)),
    };
  } else if (level < 2) {
    chosen = byRule(func, device.target, level === 0 ? [fallback] : rules, clock);
  } else {
    using own = options.database ? undefined : TuningDatabase.memory();
    const database = options.database ?? own as TuningDatabase;
    const searched = level === 3
      ? await clock.wait("search", () => searchInto(database, func, device, options, rules))
      : undefined;
    chosen = byRecord(func, device.target, { ...options, database }, rules, clock);
    if (searched) {
      const because = `${searched.because}; ${chosen.because}`;
      chosen = { ...chosen, ...(searched.has(chosen.found) ? { how: "search" } : {}), because };
    }
  }
  const { executable, ...how } = chosen;
  const wide = func.shapeVars.length > 0 && nodesOf(func)
    ? () => device.load(compile(dlight.schedule(func, device.target, [wideFallback]).func, device.target))
    : undefined;
  const program = await clock.wait("load", () => device.load(executable, wide));
  return Object.assign(program, { built: { level, ...how, seconds: clock.seconds } });
}

type Chosen = Omit<Built, "level" | "seconds"> & { readonly executable: Executable };

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

function byRule(func: PrimFunc, target: Target, rules: readonly Rule[], clock: StageClock): Chosen {
  const { ruled: { rule, why, trace }, made: executable } = clock.time(
    "schedule",
    () => dlight.scheduleThen(func, target, rules, (f) => clock.time("compile", () => compile(f, target))),
  );
  const failed = why.flatMap((w) => w.failed === undefined ? [] : [`${w.rule} failed: ${w.failed}`]);
  const because = why.find((w) => w.matched)?.because ?? "";
  return { how: "rule", rule, because: [...failed, because].join("; "), trace, executable };
}

/** Records that are tried before the rule is used: untrusted records may be many, and all of them wrong. */
const TRIES = 16;

function byRecord(
  func: PrimFunc,
  target: Target,
  { database, shapes = {} }: BuildOptions & { readonly database: TuningDatabase },
  rules: readonly Rule[],
  clock: StageClock,
): Chosen {
  const ranked = clock.time("schedule", () => database.ranked(func, target, shapes));
  const { rule, template } = dlight.match(func, target, rules);
  const own = fingerprint(func);
  let refused = "";
  for (const found of ranked.slice(0, TRIES)) {
    const { record, how } = found;
    // A point of another rule's space is used only if it was measured on this program and device.
    if (how !== "exact" && record.rule !== rule) continue;
    if (how !== "exact" && !(record.medianMs < ruleMs(ranked, found))) {
      refused = `where ${record.task} was measured on ${record.adapter}, nothing beat the rule`;
      break;
    }
    try {
      const scheduled = clock.time(
        "schedule",
        () =>
          record.fingerprint === own
            ? replayed(func, record.trace)
            : transferred(func, template, spaceOf(func, template), configOf(record.config)),
      );
      const executable = clock.time("compile", () => compile(scheduled.func, target));
      const { trace } = scheduled;
      return { how: "record", rule: record.rule, found, because: found.because, trace, executable };
    } catch (e) {
      if (!(e instanceof TunebookError)) throw e;
      refused ||= `the record of ${record.task} on ${record.adapter} does not fit (${e.message})`;
    }
  }
  const chosen = byRule(func, target, rules, clock);
  const known = refused ||
    (ranked.length > 0 ? "no record is of this rule" : "the database has nothing near");
  return { ...chosen, because: `${known}; ${chosen.because}` };
}

/** The program as a record's trace schedules it, with that trace. */
function replayed(func: PrimFunc, json: string): { readonly func: PrimFunc; readonly trace: Trace } {
  const trace = Trace.fromJSON(json);
  return { func: replay(func, trace), trace };
}

/** Gives the time of the rule's own point on a record's device; Infinity if it was not measured. */
function ruleMs(ranked: readonly Found[], { record: r }: Found): number {
  const own = ranked.find(({ record: o }) =>
    o.fingerprint === r.fingerprint && o.task === r.task && o.adapter === r.adapter && o.clock === r.clock &&
    isRulesOwn(o)
  );
  return own?.record.medianMs ?? Infinity;
}

/** Searches the space of the rule that matches, and describes the result. */
async function searchInto(
  database: TuningDatabase,
  func: PrimFunc,
  device: Device,
  { level: _, database: __, budget, signal, ...options }: BuildOptions,
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
  const confirmed = await search.confirm(CONFIRM_ROUNDS);
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
