import { budgetOf } from "../autotvm/budget.ts";
import { TunebookError } from "../base/error.ts";
import type { PrimFunc } from "../ir/func.ts";
import { bestOf, fastest } from "../records/best.ts";
import type { TrialRecord } from "../records/record.ts";
import { Interruptible } from "./interrupt.ts";
import { CONFIRM_ROUNDS, speedup, winnerOf } from "./confirm.ts";
import { Search, type SearchOptions, type Stopped } from "./search.ts";
import { TuneLog } from "./tune_log.ts";
import { taskOf } from "./tuning_task.ts";

export interface TuneOptions extends SearchOptions {
  /** Rounds in which the best are measured again, in turn with the preset. Default 11; 0: they are not. */
  readonly rounds?: number;
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
  return new TuneLog({
    records,
    best: winner?.record ?? best,
    confirmed,
    ...(winner && own ? { speedup: speedup(winner, own) } : {}),
    space,
    budget: budgetOf(options),
    stopped,
    measuringShare,
  });
}
