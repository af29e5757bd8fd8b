/** The outcome of a comparison: one row a method. */
import type { Table } from "npm:apache-arrow@21.2.0";
import { flopsOf, trafficOf } from "../estimate/work.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Shapes } from "../ir/shapes.ts";
import type { ConfidenceInterval } from "../base/statistics.ts";
import type { Column } from "./schema.ts";
import { rowsOf, tableOf } from "./table.ts";
import { taskOf } from "./task.ts";

export interface SummaryRow {
  readonly task: string;
  readonly contestant: string;
  readonly rule: string;
  readonly trials: number;
  readonly failed: number;
  /** Spent on the search. */
  readonly seconds: number;
  /** Confirmed: the median over interleaved rounds, and its 95% confidence interval. */
  readonly medianMs: number;
  readonly lowMs: number;
  readonly highMs: number;
  readonly gflops: number;
  readonly gbps: number;
  readonly speedupVsFallback: number;
  readonly speedupVsDlight: number;
  readonly config: string;
  readonly trace: string;
  readonly maxError: number;
  /** One a round. */
  readonly samples: readonly number[];
}

export const SUMMARY_COLUMNS = {
  task: "text",
  contestant: "text",
  rule: "text",
  trials: "int",
  failed: "int",
  seconds: "float",
  medianMs: "float",
  lowMs: "float",
  highMs: "float",
  gflops: "float",
  gbps: "float",
  speedupVsFallback: "float",
  speedupVsDlight: "float",
  config: "text",
  trace: "text",
  maxError: "float",
  samples: "floats",
} as const satisfies Readonly<Record<keyof SummaryRow, Column>>;

/** What came of one method. */
export interface Outcome extends Pick<SummaryRow, "contestant" | "rule" | "trials" | "failed" | "seconds"> {
  /** Its confirmed schedule, where it has one. */
  readonly won?: {
    readonly config: string;
    readonly trace: string;
    readonly maxError: number;
    readonly samples: readonly number[];
    readonly ms: number;
    readonly interval: ConfidenceInterval;
  };
}

/** The rows of one program's methods, who are compared with each other. */
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

export function summaryTable(rows: readonly SummaryRow[]): Table {
  return tableOf(rows, SUMMARY_COLUMNS);
}

export function summaryRows(table: Table): readonly SummaryRow[] {
  return rowsOf(table, SUMMARY_COLUMNS);
}
