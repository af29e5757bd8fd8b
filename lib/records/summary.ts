/** The summary of a comparison: one row a method. */
import { flopsOf, trafficOf } from "../estimate/work.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Shapes } from "../ir/shapes.ts";
import type { ConfidenceInterval } from "../base/statistics.ts";
import { taskOf } from "./task.ts";

/** The confirmed result of one method on one program. */
export interface SummaryRow {
  /** The program in one line, with the values of its shape variables. */
  readonly task: string;
  /** The method, for example `dlight` or `autotvm+dlight`. */
  readonly contestant: string;
  /** The rule that made the space. */
  readonly rule: string;
  /** The number of trials. */
  readonly trials: number;
  /** The number of failed trials. */
  readonly failed: number;
  /** Seconds that the search took. */
  readonly seconds: number;
  /** Confirmed time: the median over interleaved rounds, milliseconds; NaN without a result. */
  readonly medianMs: number;
  /** The low end of the 95% confidence interval of `medianMs`; NaN if it was not confirmed. */
  readonly lowMs: number;
  /** The high end of the 95% confidence interval of `medianMs`; NaN if it was not confirmed. */
  readonly highMs: number;
  /** GFLOP/s at the median; 0 for a program without arithmetic, NaN without a result. */
  readonly gflops: number;
  /** GB/s at the median, each parameter counted once; NaN without a result. */
  readonly gbps: number;
  /** Fallback's time over this one; NaN if one of the two is missing. */
  readonly speedupVsFallback: number;
  /** The time of DLight's preset over this one; NaN if one of the two is missing. */
  readonly speedupVsDlight: number;
  /** The configuration as JSON; empty without a result. */
  readonly config: string;
  /** The trace as JSON; empty without a result. */
  readonly trace: string;
  /** Largest error against the reference; NaN without a result. */
  readonly maxError: number;
  /** The samples, milliseconds, one per round; empty without a result. */
  readonly samples: readonly number[];
}

/** The outcome of one method. */
export interface Outcome extends Pick<SummaryRow, "contestant" | "rule" | "trials" | "failed" | "seconds"> {
  /** Its confirmed schedule; missing if it has none. Times are milliseconds. */
  readonly won?: {
    readonly config: string;
    readonly trace: string;
    readonly maxError: number;
    readonly samples: readonly number[];
    readonly ms: number;
    readonly interval: ConfidenceInterval;
  };
}

/** Makes the rows of one program, one per method. Speedups compare the methods with each other. */
export function summaryOf(
  func: PrimFunc,
  shapes: Shapes,
  outcomes: readonly Outcome[],
): readonly SummaryRow[] {
  const mid = (method: string) => outcomes.find((o) => o.contestant === method)?.won?.ms ?? NaN;
  return outcomes.map(({ contestant, rule, trials, failed, seconds, won }): SummaryRow => {
    const ms = won?.ms ?? NaN;
    return {
      task: taskOf(func, shapes),
      contestant,
      rule,
      trials,
      failed,
      seconds,
      medianMs: ms,
      lowMs: won?.interval.low ?? NaN,
      highMs: won?.interval.high ?? NaN,
      gflops: flopsOf(func, shapes) / ms / 1e6,
      gbps: trafficOf(func, shapes) / ms / 1e6,
      speedupVsFallback: mid("fallback") / ms,
      speedupVsDlight: mid("dlight") / ms,
      config: won?.config ?? "",
      trace: won?.trace ?? "",
      maxError: won?.maxError ?? NaN,
      samples: won?.samples ?? [],
    };
  });
}
