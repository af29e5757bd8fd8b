import * as kinds from "./option_fields.ts";
import { ownValue } from "../base/own_value.ts";
import { type Budget, checkBudget } from "../autotvm/budget.ts";
import { TunebookError } from "../base/error.ts";
import { SuiteLog, type SuiteRow } from "./suite_log.ts";
import type { Column } from "../records/schema.ts";
import { tableOf } from "../records/table.ts";
import { numberedReporter } from "./numbered_reporter.ts";
import { Interruptible } from "./interrupt.ts";
import { CONFIRM_ROUNDS } from "./rounds.ts";
import { type Confirmed, winnerOf } from "./confirm.ts";
import { speedup } from "./speedup.ts";
import { leastMs } from "../estimate/roofline.ts";
import { logOf } from "./log_of.ts";
import { Search } from "./search.ts";
import { shareBudget, type Sharer } from "./share_budget.ts";
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

/**
 * Searches the kernels of a whole with one budget. It measures the preset of each first, unless its time is given. Then
 * each slice is given to the kernel with the largest expected saving per second. Equal kernels are searched once.
 * Jupyter's interrupt ends the search, as `signal` does; a second one ends the confirmation.
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
  await using stack = new AsyncDisposableStack();
  const sharers: Sharer[] = [];
  for (const [k, task] of tasks.entries()) {
    const { reporter: all } = options, own = all && { reporter: numberedReporter(all, k, tasks.length) };
    const search = await Search.open(
      task.func,
      device,
      searchOptions(task, k, { ...options, ...own, signal }),
    );
    const bound = leastMs(task.func, task.shapes, peaks);
    sharers.push({ task, search: stack.use(search), leastMs: Math.max(bound, peaks.launchMs) });
  }
  await shareBudget(sharers, budget, signal);
  const measured = await confirmed(sharers, rounds, signal);
  const before = measured.reduce((ms, { row: r }) => r.presetMs > 0 ? ms + r.weight * r.presetMs : ms, 0);
  const rows = measured.map(({ row: r }): SuiteRow => ({ ...r, share: r.weight * r.presetMs / before }));
  const both = rows.filter((r) => r.presetMs > 0 && r.bestMs > 0);
  const whole = (ms: (r: SuiteRow) => number) => both.reduce((sum, r) => sum + r.weight * ms(r), 0);
  return new SuiteLog({
    rows,
    table: tableOf(rows, COLUMNS),
    records: sharers.flatMap(({ search }) => search.records),
    best: measured.flatMap(({ winner }) => winner ? [winner.record] : []),
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

/** A kernel's row but for its share, and its winner. */
interface Outcome {
  readonly row: Omit<SuiteRow, "share">;
  readonly winner: Confirmed | undefined;
}

/** Confirms the winners of all searches. The first interrupt ended the searches, the second one ends this. */
async function confirmed(
  sharers: readonly Sharer[],
  rounds: number,
  signal: AbortSignal,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  using halt = new Interruptible(signal.aborted ? undefined : signal);
  for (const { task, search } of sharers) {
    const tried = search.records.some((r) => r.status === "ok") && !halt.signal.aborted;
    const confirmed = tried ? await search.confirm({ rounds }) : [];
    const winner = winnerOf(confirmed);
    outcomes.push({ row: rowOf(task, search, confirmed, winner), winner });
    await search.rest();
  }
  await sharers.at(-1)?.search.end(signal.aborted ? "signal" : undefined);
  return outcomes;
}

function rowOf(
  task: SuiteTask,
  search: Search,
  confirmed: readonly Confirmed[],
  winner: Confirmed | undefined,
): Omit<SuiteRow, "share"> {
  const own = confirmed.find((c) => c.preset);
  const knownMs = search.records.length === 0 ? task.presetMs ?? NaN : NaN;
  const gain = winner && own ? speedup(winner, own) : { ratio: NaN, low: NaN, high: NaN };
  return {
    kernels: task.names.join(", "),
    rule: search.task.rule,
    shapes: Object.entries(task.shapes).map(([name, value]) => `${name} = ${value}`).join(", "),
    weight: task.weight,
    trials: search.records.length,
    seconds: search.progress.seconds,
    presetMs: own?.ms ?? knownMs,
    bestMs: winner?.ms ?? knownMs,
    speedup: gain.ratio,
    lowSpeedup: gain.low,
    highSpeedup: gain.high,
    config: winner?.record.config ?? "",
  };
}
