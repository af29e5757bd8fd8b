import * as kinds from "./option_fields.ts";
import { type Budget, checkBudget } from "../autotvm/budget.ts";
import { bestSoFarSpec } from "../charts/best_so_far.ts";
import { Chart } from "../charts/chart.ts";
import { confirmedSpec } from "../charts/confirmed.ts";
import { overviewSpec } from "../charts/overview.ts";
import type { ChartOptions } from "../charts/spec.ts";
import { OptionError, TunebookError } from "../base/error.ts";
import type { PrimFunc } from "../ir/func.ts";
import { type Outcome, summaryOf, type SummaryRow } from "../records/summary.ts";
import { summaryTable } from "../records/summary_table.ts";
import { recordsToTable } from "../records/table.ts";
import { taskOf } from "../records/task.ts";
import { Comparison, Comparisons } from "./comparison.ts";
import { checkRounds, CONFIRM_ROUNDS } from "./rounds.ts";
import { type Confirmed, confirmUnlessStopped, finalistsOf, winnerOf } from "./confirm.ts";
import { logOf } from "./log_of.ts";
import { Interruptible } from "./interrupt.ts";
import { measureFixed } from "./measure_fixed.ts";
import { MeasuringSlot } from "./measuring_slot.ts";
import {
  type FixedMethod,
  type Method,
  METHODS,
  methodsFor,
  type OwnMethod,
  ownMethod,
  type SearchMethod,
} from "./methods.ts";
import { measuringOptions } from "./measuring_options.ts";
import { compareGraph, type CompareGraphOptions } from "./compare_graph.ts";
import type { GraphComparison } from "./graph_comparison.ts";
import { Graph } from "../relax/graph.ts";
import type { Device } from "../runtime/device.ts";
import { Search } from "./search.ts";
import type { Reporter } from "./reporter.ts";
import type { SearchOptions } from "./search_options.ts";
import { progressOf } from "./search_state.ts";
import type { Trial } from "./trial.ts";
import type { TunableDevice } from "./tunable_device.ts";
import { checkTask, type TuningTask } from "./tuning_task.ts";
import { checkArgument, checkOptions, type Fields } from "../base/check_options.ts";
import { arrayOf, oneOf, recordOf } from "../base/option_kinds.ts";

/** What `compare` takes. */
export interface CompareOptions extends
  Pick<
    SearchOptions,
    | "tuner"
    | "seed"
    | "template"
    | "shapes"
    | "inputs"
    | "path"
    | "deadlineMs"
    | "maxMemory"
    | "signal"
    | "reporter"
    | "open"
  > {
  /** Each search has the whole budget. Without a search among the methods none is needed. */
  readonly budget?: Budget;
  /** Default: all four, "fallback", "dlight", "autotvm" and "autotvm+dlight". */
  readonly methods?: readonly Method[];
  /** Methods of the user's own, by name: a kernel in WGSL, or a template at its presets. Default: none. */
  readonly also?: Readonly<Record<string, OwnMethod>>;
  /** Rounds of the final, interleaved measurement. Default 11. */
  readonly rounds?: number;
}

const COMPARE_FIELDS = {
  ...kinds.pick(
    kinds.SEARCH_FIELDS,
    "tuner",
    "seed",
    "template",
    "shapes",
    "inputs",
    "path",
    "deadlineMs",
    "maxMemory",
    "signal",
    "reporter",
    "open",
  ),
  budget: kinds.budget,
  methods: arrayOf(oneOf(...METHODS)),
  also: recordOf(ownMethod),
  rounds: kinds.rounds,
} satisfies Fields<CompareOptions>;

/**
 * Compares the levels of building a graph: its time at each, by function, with the confirmed differences. `device` must be of
 * this process.
 *
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TunebookError} for level 2 without a database, and level 3 without a budget
 * @throws {InterruptedError} if it is stopped before every level was measured
 */
export async function compare(
  graph: Graph,
  device: Device,
  options?: CompareGraphOptions,
): Promise<GraphComparison>;
/**
 * Compares Fallback, DLight, and AutoTVM with and without DLight on a program, at equal budgets. Then it re-measures the
 * winners, interleaved, so that noise does not decide. A method without a successful trial has a row without figures; so
 * has a method that `signal` prevented. Programs of a list are compared one after the other, each with the whole budget;
 * `path` is a folder then.
 *
 * Jupyter's interrupt ends the searches, as `signal` does; their winners are still re-measured. A second interrupt ends
 * that too and leaves the figures out. The kernel keeps its state.
 *
 * @throws {TunebookError} for an unknown method, a budget without a limit or a shape variable without a value
 */
export async function compare(
  func: PrimFunc,
  device: TunableDevice,
  options?: CompareOptions,
): Promise<Comparison>;
/** Compares the methods on each of several programs. */
export async function compare(
  funcs: readonly PrimFunc[],
  device: TunableDevice,
  options?: CompareOptions,
): Promise<Comparisons>;
/**
 * Compares the methods on each of several devices, as those of a fleet, at the same time. `path` is a folder then. Each
 * device's figures are its own; only their ratios compare.
 */
export async function compare(
  func: PrimFunc,
  devices: readonly TunableDevice[],
  options?: CompareOptions,
): Promise<Comparisons>;
export async function compare(
  funcs: PrimFunc | readonly PrimFunc[] | Graph,
  device: TunableDevice | Device | readonly TunableDevice[],
  options: CompareOptions | CompareGraphOptions = {},
): Promise<Comparison | Comparisons | GraphComparison> {
  if (funcs instanceof Graph) {
    return await compareGraph(funcs, device as Device, options as CompareGraphOptions);
  }
  if (isList(device)) return await compareDevices(funcs, device, options as CompareOptions);
  return await comparePrograms(funcs, device as TunableDevice, options as CompareOptions);
}

/** Compares one program on several devices, all at one time. */
async function compareDevices(
  func: PrimFunc | readonly PrimFunc[],
  devices: readonly TunableDevice[],
  options: CompareOptions,
): Promise<Comparisons> {
  checkArgument("compare", "func", func, kinds.program);
  if (devices.length === 0) throw new TunebookError("expected at least one device to compare on, got none");
  for (const device of devices) checkArgument("compare", "device", device, kinds.device);
  checkOptions("compare", options, COMPARE_FIELDS, kinds.RENAMED);
  if (options.open) {
    throw new OptionError("expected compare on several devices without open, as each has its own, got open");
  }
  using stop = new Interruptible(options.signal);
  const { reporter, path, ...given } = options;
  const named = namesOf(devices);
  const each = await Promise.all(devices.map(async (device, k) => {
    const own = {
      ...given,
      ...(path === undefined ? {} : { path: logOf(path, k, named[k] as string) }),
      ...(reporter ? { reporter: part(reporter, named[k] as string) } : {}),
    };
    return await compareOne(func as PrimFunc, device, own, stop.signal);
  }));
  await reporter?.done();
  // The program is the same in all rows, so that its shapes stand in the subtitle.
  const on = (k: number) => (row: SummaryRow) => ({
    ...row,
    task: `${(func as PrimFunc).name} on ${named[k]}`,
  });
  return comparisonsOf(each, each.flatMap((c, k) => c.rows.map(on(k))), options.budget, {
    title: `${each.length} devices`,
    subtitle: each[0]?.rows[0]?.task ?? "",
  });
}

/** Names devices by their adapters; equal ones are numbered. */
function namesOf(devices: readonly TunableDevice[]): readonly string[] {
  const adapters = devices.map((d) => d.target.name);
  return adapters.map((name, k) =>
    adapters.filter((n) => n === name).length > 1 ? `${name}, ${k + 1}` : name
  );
}

/** The reporter of one of several comparisons: it names the device, and doesn't end the others' report. */
function part(reporter: Reporter, device: string): Reporter {
  return {
    update: (p) => reporter.update({ ...p, task: `${p.task} on ${device}` }),
    done: () => Promise.resolve(),
  };
}

async function comparePrograms(
  funcs: PrimFunc | readonly PrimFunc[],
  device: TunableDevice,
  options: CompareOptions,
): Promise<Comparison | Comparisons> {
  for (const func of isList(funcs) ? funcs : [funcs]) checkArgument("compare", "func", func, kinds.program);
  checkArgument("compare", "device", device, kinds.device);
  checkOptions("compare", options, COMPARE_FIELDS, kinds.RENAMED);
  using stop = new Interruptible(options.signal);
  const { signal } = stop;
  if (!isList(funcs)) return await compareOne(funcs, device, options, signal);
  if (funcs.length === 0) throw new TunebookError("expected at least one program to compare, got none");
  const each: Comparison[] = [];
  for (const [k, func] of funcs.entries()) {
    const path = options.path === undefined ? {} : { path: logOf(options.path, k, func.name) };
    each.push(await compareOne(func, device, { ...options, ...path }, signal));
  }
  return comparisonsOf(each, each.flatMap((c) => c.rows), options.budget, {
    title: `${each.length} operators`,
    subtitle: device.target.name,
  });
}

function comparisonsOf(
  each: readonly Comparison[],
  rows: readonly SummaryRow[],
  budget: Budget | undefined,
  said: ChartOptions,
): Comparisons {
  return new Comparisons({
    each,
    records: each.flatMap((c) => c.records),
    rows,
    trials: recordsToTable(each.flatMap((c) => c.records)),
    summary: summaryTable(rows),
    budget: budget ?? {},
    charts: { overview: new Chart(overviewSpec(rows, said)) },
  });
}

function isList<T>(x: T | readonly T[]): x is readonly T[] {
  return Array.isArray(x);
}

async function compareOne(
  func: PrimFunc,
  device: TunableDevice,
  options: CompareOptions,
  signal: AbortSignal,
): Promise<Comparison> {
  const { methods = METHODS, also = {}, budget = {}, seed = 0, rounds = CONFIRM_ROUNDS } = options;
  const { reporter, path } = options;
  const { target } = device;
  checkRounds(rounds);
  const shapes = checkTask(func, options.shapes ?? {}, seed);
  const all = methodsFor(func, target, shapes, methods, also);
  const search = all.find(isSearch);
  if (search && options.budget === undefined) {
    throw new OptionError(
      `missing option "budget" of compare, as ${search.name} searches: expected { seconds }, { trials } or { earlyStopping }, got nothing`,
    );
  }
  if (search) checkBudget(budget);
  const base = { func, target, shapes, seed };
  const slot = new MeasuringSlot(
    measuringOptions(base, options),
    options.open ?? device.openMeasuring,
  );
  await using _closing = slot;

  const trials = new Map<string, readonly Trial[]>();
  let last: Search | undefined;
  for (const method of all) {
    const measuring = signal.aborted ? undefined : await slot.take(signal);
    if (!measuring) break;
    if (!isSearch(method)) {
      const trial = await measureFixed(measuring, base, method, path, signal);
      if (!trial) break;
      trials.set(method.name, [trial]);
      const { record } = trial;
      await reporter?.update(
        progressOf({ func, method: method.name }, [record], {}, record.secondsSinceStart),
      );
      continue;
    }
    const { methods: _, also: __, rounds: ___, ...search } = options;
    const { name, start } = method;
    await using opened = await Search.open(
      func,
      device,
      { ...search, budget, method: name, start, signal },
      slot.shared(),
    );
    last = opened;
    await opened.run();
    trials.set(name, opened.trials);
  }
  await last?.report("confirming");
  const finalists = all.flatMap(({ name }) => finalistsOf(trials.get(name) ?? []));
  const confirmed = finalists.length === 0 ? [] : await confirmUnlessStopped(signal, slot, finalists, rounds);
  await last?.report(signal.aborted ? "stopped" : "done");
  await reporter?.done();
  const rows = rowsOf(base, all, trials, confirmed);
  const records = all.flatMap(({ name }) => (trials.get(name) ?? []).map((t) => t.record));
  const table = recordsToTable(records), summary = summaryTable(rows);
  const said = { title: taskOf(func, shapes), subtitle: target.name };
  return new Comparison({
    records,
    rows,
    trials: table,
    summary,
    budget,
    charts: {
      bestSoFar: new Chart(bestSoFarSpec(records, said)),
      confirmed: new Chart(confirmedSpec(rows, said)),
    },
  });
}

/** Gives one row per method, with its confirmed winner. */
function rowsOf(
  { func, shapes }: Pick<TuningTask, "func" | "shapes">,
  methods: readonly (FixedMethod | SearchMethod)[],
  trials: ReadonlyMap<string, readonly Trial[]>,
  confirmed: readonly Confirmed[],
): readonly SummaryRow[] {
  return summaryOf(
    func,
    shapes,
    methods.map(({ name }): Outcome => {
      const own = (trials.get(name) ?? []).map((t) => t.record);
      const theirs = confirmed.filter(({ record }) => own.includes(record));
      const won = winnerOf(theirs) ?? theirs[0];
      return {
        contestant: name,
        rule: own[0]?.rule ?? "",
        trials: own.length,
        failed: own.filter((r) => r.status !== "ok").length,
        seconds: Math.max(0, ...own.map((r) => r.secondsSinceStart)),
        ...(won ? { won: { ...won.record, ...won } } : {}),
      };
    }),
  );
}

function isSearch(method: FixedMethod | SearchMethod): method is SearchMethod {
  return "start" in method;
}
