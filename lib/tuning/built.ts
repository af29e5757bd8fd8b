import type { Found } from "../records/nearness.ts";
import type { Trace } from "../schedule/trace.ts";
import type { StageSeconds } from "./stage_clock.ts";

/**
 * The effort for a good schedule. 0: Fallback, which schedules any program. 1: the DLight rule that matches. 2: the best
 * or nearest record of a tuning database for this program and device, or DLight. 3: a search on this device within a
 * budget, whose results are added to the database; then level 2.
 */
export type Level = 0 | 1 | 2 | 3;

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
