import { type Budget, budgetOf } from "../autotvm/budget.ts";
import { TunebookError } from "../ir/error.ts";
import type { PrimFunc } from "../ir/func.ts";
import { bestOf, fastest } from "../records/best.ts";
import type { TrialRecord } from "../records/record.ts";
import { shownInParts } from "../report/display.ts";
import { Interruptible } from "../report/interrupt.ts";
import { searchParts } from "../report/outcome.ts";
import type { ConfigSpace } from "../space/config_space.ts";
import { CONFIRM_ROUNDS, type Confirmed, type Speedup, speedup, winnerOf } from "./confirm.ts";
import { Search, type SearchOptions, type Stopped } from "./search.ts";
import { taskOf } from "./subject.ts";

export interface TuneOptions extends SearchOptions {
  /** Rounds in which the best are measured again, in turn with the preset. Default 11; 0: they are not. */
  readonly rounds?: number;
}

export interface TuneLog {
  /** The trials of this search, resumed ones included, in order. */
  readonly records: readonly TrialRecord[];
  /** The winner of the confirmation: never slower than the preset, where the search began with it. */
  readonly best: TrialRecord;
  /** The best few and the preset, measured again in turn; empty where that was not asked for. */
  readonly confirmed: readonly Confirmed[];
  /** How many times as fast the best is as the preset; undefined where the search has not tried the preset. */
  readonly speedup?: Speedup;
  readonly space: ConfigSpace;
  /** What the search might spend. */
  readonly budget: Budget;
  /** What ended the search; "signal" also where that ended the confirmation alone. */
  readonly stopped: Stopped;
  /** Share of the search's time in which the measuring process was busy with a candidate; NaN without a trial. */
  readonly measuringShare: number;
}

/** A search was stopped before any candidate had run: there is nothing to return. */
export class InterruptedError extends TunebookError {
  override readonly name = "InterruptedError";

  constructor(what: string, readonly records: readonly TrialRecord[]) {
    super(`${what} was stopped before any of its ${records.length} trials succeeded: run it again`);
  }
}

/**
 * Searches a program's space on a device. Every candidate is checked against the reference and recorded;
 * with `path`, a run that was killed goes on from its records, no trial lost or repeated. The winners are
 * measured again before one of them is called the best.
 *
 * Jupyter's interrupt ends the search, as `signal` does, and what was found is measured again and returned; a second
 * one ends that, too. The kernel and its state stay.
 *
 * @throws {TunerError} for a budget without a limit or an unknown tuner
 * @throws {IrError} for a shape variable without a value
 * @throws {RecordError} for a log that can't be gone on with, or a search in which no candidate ran
 * @throws {InterruptedError} if it is stopped before one has run
 */
export async function tune(func: PrimFunc, options: TuneOptions): Promise<TuneLog> {
  using stop = new Interruptible(options.signal);
  await using search = await Search.open(func, { ...options, signal: stop.signal });
  const ended = await search.run() as Stopped;
  const { records, space, preset, measuringShare } = search;
  if (ended === "signal" && !fastest(records)) {
    await search.end(ended);
    throw new InterruptedError(`the search for ${taskOf(func, search.subject.shapes)}`, records);
  }
  const best = bestOf(records);
  const { rounds = CONFIRM_ROUNDS } = options;
  const confirmed = rounds === 0 ? [] : await search.confirm(rounds);
  const stopped = stop.signal.aborted ? "signal" : ended;
  await search.end(stopped);
  const winner = winnerOf(confirmed, preset);
  const own = confirmed.find((c) => c.record.config === preset);
  const log: TuneLog = {
    records,
    best: winner?.record ?? best,
    confirmed,
    ...(winner && own ? { speedup: speedup(winner, own) } : {}),
    space,
    budget: budgetOf(options),
    stopped,
    measuringShare,
  };
  return shownInParts(log, () => searchParts(log));
}
