import type { Budget } from "../autotvm/budget.ts";
import type { TrialRecord } from "../records/record.ts";
import type { ConfigSpace } from "../space/config_space.ts";
import type { Confirmed, Speedup } from "./confirm.ts";
import type { Stopped } from "./search.ts";

/** What `autotvm.tune` returns. */
export class TuneLog {
  /** The trials of this search, resumed ones included, in order. */
  readonly records: readonly TrialRecord[];
  /** The winner of the confirmation: never slower than the preset, where the search began with it. */
  readonly best: TrialRecord;
  /** The best few and the preset, measured again in turn; empty where that was not asked for. */
  readonly confirmed: readonly Confirmed[];
  /** How many times as fast the best is as the preset; undefined where the search has not tried the preset. */
  readonly speedup?: Speedup;
  /** The space that was searched. */
  readonly space: ConfigSpace;
  /** What the search might spend. */
  readonly budget: Budget;
  /** What ended the search; "signal" also where that ended the confirmation alone. */
  readonly stopped: Stopped;
  /** Share of the search's time in which the measuring process was busy with a candidate; NaN without a trial. */
  readonly measuringShare: number;

  /** Takes the parts of a search's result. */
  constructor(of: TuneLog) {
    this.records = of.records;
    this.best = of.best;
    this.confirmed = of.confirmed;
    if (of.speedup) this.speedup = of.speedup;
    this.space = of.space;
    this.budget = of.budget;
    this.stopped = of.stopped;
    this.measuringShare = of.measuringShare;
  }
}
