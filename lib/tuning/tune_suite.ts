import * as kinds from "./option_fields.ts";
import { ownValue } from "../base/own_value.ts";
import { type Budget, checkBudget } from "../autotvm/budget.ts";
import { expectedGain, type TaskState } from "../autotvm/task_scheduler.ts";
import { TunebookError } from "../base/error.ts";
import { SuiteLog, type SuiteRow } from "./suite_log.ts";
import type { TrialRecord } from "../records/record.ts";
import type { Column } from "../records/schema.ts";
import { tableOf } from "../records/table.ts";
import { Interruptible } from "./interrupt.ts";
import { CONFIRM_ROUNDS } from "./rounds.ts";
import { type Confirmed, winnerOf } from "./confirm.ts";
import { speedup } from "./speedup.ts";
import { leastMs } from "../estimate/roofline.ts";
import { logOf } from "./log_of.ts";
import { Search } from "./search.ts";
import type { SearchOptions } from "./search_options.ts";
import type { TunableDevice } from "./tunable_device.ts";
import { PrimFunc } from "../ir/func.ts";
import { inputsOf } from "../ir/parameters.ts";
import { checkArgument, checkOptions, type Fields, type Kind } from "../base/check_options.ts";
import {
  arrayOf,
  name,
  nested,
  number,
  positive,
  recordOf,
  required,
  tupleOf,
} from "../base/option_kinds.ts";
import { type Buckets, type SuiteMember, type SuiteTask, tasksOf } from "./suite_tasks.ts";

/** What `autotvm.tuneSuite` takes. */
export interface TuneSuiteOptions
  extends
    Pick<SearchOptions, "tuner" | "seed" | "signal" | "reporter" | "deadlineMs" | "maxMemory" | "open"> {
  /** Inputs by parameter name, as `tune` takes them, for each kernel that has such a parameter. Default: random. */
  readonly inputs?: SearchOptions["inputs"];
  /** Shared by all kernels. The final measurement of the winners is not counted. */
  readonly budget: Pick<Budget, "seconds" | "trials">;
  /** Kernels with such a variable are tuned for each of its values. */
  readonly buckets?: Buckets;
  /** Folder for one log per task. An interrupted run continues from them. */
  readonly path?: string;
  /** Rounds of the final, interleaved measurement. Default 11. */
  readonly rounds?: number;
}

const COLUMNS = {
  kernels: "text",
  rule: "text",
  shapes: "text",
  weight: "float",
  share: "float",
  trials: "int",
  seconds: "float",
  presetMs: "float",
  bestMs: "float",
  speedup: "float",
  lowSpeedup: "float",
  highSpeedup: "float",
  config: "text",
} as const satisfies Readonly<Record<keyof SuiteRow, Column>>;

const MEMBER: Kind<SuiteMember> = {
  takes: "a kernel with name, func, count and shapes, as te.suite makes",
  is: (x) => typeof x === "object" && x !== null && (x as Partial<SuiteMember>).func instanceof PrimFunc,
};

const SUITE_FIELDS = {
  budget: required(nested({ trials: positive, seconds: number({ above: 0 }) })),
  buckets: recordOf(arrayOf(tupleOf(positive, number({ above: 0 })))),
  path: name,
  rounds: kinds.rounds,
  inputs: kinds.inputs,
  ...kinds.pick(
    kinds.SEARCH_FIELDS,
    "tuner",
    "seed",
    "signal",
    "reporter",
    "deadlineMs",
    "maxMemory",
    "open",
  ),
} satisfies Fields<TuneSuiteOptions>;

/** Trials of one slice. The first slice is the preset alone: it shows which tasks take the time. */
const TURN = 8;
const FIRST_TURN = 1;

/**
 * Searches the kernels of a whole with one budget. It measures the preset of each first. Then each slice is given to the
 * kernel with the largest expected saving per second. Equal kernels are searched once. Jupyter's interrupt ends the
 * search, as `signal` does; a second one ends the confirmation.
 *
 * @throws {TunebookError} for a suite without kernels, a budget without a limit, or an invalid bucket
 */
export async function tuneSuite(
  members: readonly SuiteMember[],
  device: TunableDevice,
  options: TuneSuiteOptions,
): Promise<SuiteLog> {
  checkArgument("autotvm.tuneSuite", "members", members, arrayOf(MEMBER));
  checkArgument("autotvm.tuneSuite", "device", device, kinds.device);
  checkOptions("autotvm.tuneSuite", options, SUITE_FIELDS, kinds.RENAMED);
  const { budget, rounds = CONFIRM_ROUNDS } = options;
  checkBudget(budget);
  if (members.length === 0) throw new TunebookError("expected at least one kernel in the suite, got none");
  const tasks = tasksOf(members, options.buckets ?? {});
  const known = new Set(tasks.flatMap((t) => inputsOf(t.func).map((b) => b.name)));
  const unknown = Object.keys(options.inputs ?? {}).find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new TunebookError(
      `expected inputs among ${[...known].join(", ")}, got ${JSON.stringify(unknown)}, tuning a suite`,
    );
  }
  using stop = new Interruptible(options.signal);
  const { signal } = stop;
  const peaks = await device.probe();
  const least = tasks.map((t) => leastMs(t.func, t.shapes, peaks));
  await using stack = new AsyncDisposableStack();
  const searches: Search[] = [];
  const standings = (): readonly TaskState[] =>
    searches.map((s, k) => ({
      weight: tasks[k]?.weight ?? 0,
      bestMs: bestMsOf(s.records),
      leastMs: least[k] ?? 0,
      seconds: s.progress.seconds,
    }));
  const spent = () => ({
    trials: searches.reduce((n, s) => n + s.records.length, 0),
    seconds: searches.reduce((n, s) => n + s.progress.seconds, 0),
  });
  const isSpent = () =>
    signal.aborted || spent().trials >= (budget.trials ?? Infinity) ||
    spent().seconds >= (budget.seconds ?? Infinity);
  const trialsLeft = (most: number) => Math.min(most, (budget.trials ?? Infinity) - spent().trials);

  for (const [k, task] of tasks.entries()) {
    searches.push(
      stack.use(await Search.open(task.func, device, searchOptions(task, k, { ...options, signal }))),
    );
  }
  // Tasks with the longest bounds come first: a short budget does not reach all.
  const share = (k: number) => (tasks[k]?.weight ?? 0) * (least[k] ?? 0);
  for (const k of [...tasks.keys()].sort((a, b) => share(b) - share(a))) {
    if (isSpent()) break;
    await searches[k]?.run(trialsLeft(FIRST_TURN));
    await searches[k]?.rest();
  }
  const ended = new Set<Search>();
  while (!isSpent() && ended.size < searches.length) {
    const gains = standings().map((s, k) => ended.has(searches[k] as Search) ? -1 : expectedGain(s));
    const next = searches[gains.indexOf(Math.max(...gains))] as Search;
    if (await next.run(trialsLeft(TURN)) !== undefined) ended.add(next);
    await next.rest();
  }

  const measured: Omit<SuiteRow, "share">[] = [], best: TrialRecord[] = [];
  // The first interrupt ends all searches, the second one all confirmations.
  using halt = new Interruptible(signal.aborted ? undefined : signal);
  for (const [k, search] of searches.entries()) {
    const tried = search.records.some((r) => r.status === "ok") && !halt.signal.aborted;
    const confirmed = tried ? await search.confirm(rounds) : [];
    const winner = winnerOf(confirmed);
    if (winner) best.push(winner.record);
    measured.push(rowOf(tasks[k] as SuiteTask, search, confirmed, winner));
    await search.rest();
  }
  await searches.at(-1)?.end(signal.aborted ? "signal" : undefined);
  const before = measured.reduce((ms, r) => r.presetMs > 0 ? ms + r.weight * r.presetMs : ms, 0);
  const rows = measured.map((r): SuiteRow => ({ ...r, share: r.weight * r.presetMs / before }));
  const both = rows.filter((r) => r.presetMs > 0 && r.bestMs > 0);
  const whole = (ms: (r: SuiteRow) => number) => both.reduce((sum, r) => sum + r.weight * ms(r), 0);
  return new SuiteLog({
    rows,
    table: tableOf(rows, COLUMNS),
    records: searches.flatMap((s) => s.records),
    best,
    speedup: whole((r) => r.presetMs) / whole((r) => r.bestMs),
  });
}

function searchOptions(task: SuiteTask, k: number, options: TuneSuiteOptions): SearchOptions {
  const { buckets: _, rounds: __, path, inputs = {}, ...search } = options;
  const own = inputsOf(task.func).flatMap(({ name }) => {
    const given = ownValue(task.inputs ?? {}, name) ?? ownValue(inputs, name);
    return given ? [[name, given] as const] : [];
  });
  return {
    // The suite ends the searches; the budget limits a single search.
    ...search,
    ...(own.length > 0 ? { inputs: Object.fromEntries(own) } : {}),
    shapes: task.shapes,
    ...(path === undefined ? {} : { path: logOf(path, k, task.names[0] ?? "") }),
  };
}

/** The best so far after each trial, from the first success on. */
function bestMsOf(records: readonly TrialRecord[]): readonly number[] {
  let best = Infinity;
  return records.flatMap((r) => {
    if (r.status === "ok") best = Math.min(best, r.medianMs);
    return best < Infinity ? [best] : [];
  });
}

function rowOf(
  task: SuiteTask,
  search: Search,
  confirmed: readonly Confirmed[],
  winner: Confirmed | undefined,
): Omit<SuiteRow, "share"> {
  const own = confirmed.find((c) => c.preset);
  const gain = winner && own ? speedup(winner, own) : { ratio: NaN, low: NaN, high: NaN };
  return {
    kernels: task.names.join(", "),
    rule: search.task.rule,
    shapes: Object.entries(task.shapes).map(([name, value]) => `${name} = ${value}`).join(", "),
    weight: task.weight,
    trials: search.records.length,
    seconds: search.progress.seconds,
    presetMs: own?.ms ?? NaN,
    bestMs: winner?.ms ?? NaN,
    speedup: gain.ratio,
    lowSpeedup: gain.low,
    highSpeedup: gain.high,
    config: winner?.record.config ?? "",
  };
}
