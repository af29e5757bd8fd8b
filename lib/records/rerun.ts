/** Shared schedules that were measured again on another device. */
import type { Failure } from "../measure/measurement.ts";

/**
 * One schedule, there and here: on the device that shared it, and on this device. Times are milliseconds of one run.
 * Intervals are 95% confidence intervals of a median.
 */
export interface RerunRow {
  /** The program in one line, with the values of its shape variables. */
  readonly task: string;
  /** The method that found it; `OWN_PRESET` for the preset that DLight takes on this device. */
  readonly contestant: string;
  /** The rule that made the schedule's space. */
  readonly rule: string;
  /** Its time there; NaN for this device's own preset. */
  readonly thereMs: number;
  /** The low end of the interval of `thereMs`; NaN if the time was not confirmed. */
  readonly thereLowMs: number;
  /** The high end of the interval of `thereMs`; NaN if the time was not confirmed. */
  readonly thereHighMs: number;
  /** Speedup there over DLight's preset for that device; NaN if it is not known. */
  readonly thereTimes: number;
  /** The low end of the interval of `thereTimes`; NaN if it is not known. */
  readonly thereTimesLow: number;
  /** The high end of the interval of `thereTimes`; NaN if it is not known. */
  readonly thereTimesHigh: number;
  /** Its time here; NaN if it failed here. */
  readonly hereMs: number;
  /** The low end of the interval of `hereMs`; NaN if it failed here. */
  readonly hereLowMs: number;
  /** The high end of the interval of `hereMs`; NaN if it failed here. */
  readonly hereHighMs: number;
  /** Speedup here over DLight's preset for this device; NaN if one of the two failed here. */
  readonly hereTimes: number;
  /** The low end of the interval of `hereTimes`; NaN if it is not known. */
  readonly hereTimesLow: number;
  /** The high end of the interval of `hereTimes`; NaN if it is not known. */
  readonly hereTimesHigh: number;
  /** `ok`, or where it failed here. */
  readonly status: "ok" | Failure;
  /** Why it failed here; empty if it did not. */
  readonly message: string;
  /** The trace as JSON; empty if there is none. */
  readonly trace: string;
  /** Largest error here against the reference; NaN if it failed here. */
  readonly maxError: number;
  /** Its samples here, one per round; empty if it failed here. */
  readonly samples: readonly number[];
}

/** The method's name in the row for this device's own preset. */
export const OWN_PRESET = "dlight here";
