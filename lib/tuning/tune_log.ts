import type { Budget } from "../autotvm/budget.ts";
import type { TrialRecord } from "../records/record.ts";
import type { ConfigSpace } from "../space/config_space.ts";
import type { Confirmed } from "./confirm.ts";
import type { Speedup } from "./speedup.ts";
import type { Stopped } from "./search.ts";

/** What `autotvm.tune` returns. */
export class TuneLog {
  /** The trials of this search, resumed ones included, in order. */
  readonly records: readonly TrialRecord[];
  /** The winner of the confirmation: never slower than the preset, where the search began with it. */
  readonly best: TrialRecord;
  /** The best trials and the preset, re-measured and interleaved; empty without a confirmation. */
  readonly confirmed: readonly Confirmed[];
  /** The speedup of the best over the preset; undefined if the search has not tried the preset. */
  readonly speedup?: Speedup;
  /** The space that was searched. */
  readonly space: ConfigSpace;
  /** The budget of the search. */
  readonly budget: Budget;
  /** The reason for the end; "signal" also if that ended only the confirmation. */
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
