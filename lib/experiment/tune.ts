import type { PrimFunc } from "../ir/func.ts";
import { bestOf } from "../records/best.ts";
import type { TrialRecord } from "../records/record.ts";
import { shownInParts } from "../report/display.ts";
import { searchParts } from "../report/outcome.ts";
import type { ConfigSpace } from "../space/config_space.ts";
import { CONFIRM_ROUNDS, type Confirmed, type Speedup, speedup, winnerOf } from "./confirm.ts";
import { Search, type SearchOptions, type Stopped } from "./search.ts";

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
  /** What ended the search. */
  readonly stopped: Stopped;
  /** Share of the search's time in which the measuring process was busy with a candidate; NaN without a trial. */
  readonly measuringShare: number;
}

/**
 * Searches a program's space on a device. Every candidate is checked against the reference and recorded;
 * with `path`, a run that was killed goes on from its records, no trial lost or repeated. The winners are
 * measured again before one of them is called the best.
 *
 * @throws {TunerError} for a budget without a limit or an unknown tuner
 * @throws {IrError} for a shape variable without a value
 * @throws {RecordError} for a log that can't be gone on with, or a search in which no candidate ran
 */
export async function tune(func: PrimFunc, options: TuneOptions): Promise<TuneLog> {
  await using search = await Search.open(func, options);
  const stopped = await search.run() as Stopped;
  const { records, space, preset, measuringShare } = search;
  const fastest = bestOf(records);
  const { rounds = CONFIRM_ROUNDS } = options;
  const confirmed = rounds === 0 ? [] : await search.confirm(rounds);
  const winner = winnerOf(confirmed, preset);
  const own = confirmed.find((c) => c.record.config === preset);
  const log: TuneLog = {
    records,
    best: winner?.record ?? fastest,
    confirmed,
    ...(winner && own ? { speedup: speedup(winner, own) } : {}),
    space,
    stopped,
    measuringShare,
  };
  return shownInParts(log, () => searchParts(log));
}
