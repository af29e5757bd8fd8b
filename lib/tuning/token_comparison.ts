import type { Table } from "npm:apache-arrow@21.2.0";
import type { FunctionRow } from "../records/graph_functions.ts";
import type { LevelRow } from "../records/graph_levels.ts";
import type { Column } from "../records/schema.ts";
import { tableOf } from "../records/table.ts";
import { GraphComparison } from "./graph_comparison.ts";

/** The tokens that a level generates in a second. */
export interface TokenRate {
  /** The level: 0 to 3. */
  readonly level: number;
  /**
   * Tokens a second, of CPU time where that is the device's clock, by the median of the texts' times; NaN without a right
   * result.
   */
  readonly tokensPerSecond: number;
  /** The low end of the 95% confidence interval of `tokensPerSecond`. */
  readonly low: number;
  /** The high end of the 95% confidence interval of `tokensPerSecond`. */
  readonly high: number;
}

/** What a function takes of a token at one level, and at the next one. */
export interface FunctionGain {
  /** The function. Level 0 has others than fused levels: where a level hasn't this one, its time there is 0. */
  readonly kernel: string;
  /** Milliseconds of all its calls for a token at the level before the last. */
  readonly beforeMs: number;
  /** Milliseconds of all its calls for a token at the last level. */
  readonly afterMs: number;
  /** The difference. */
  readonly savedMs: number;
}

const RATES = {
  level: "int",
  tokensPerSecond: "float",
  low: "float",
  high: "float",
} as const satisfies Readonly<
  Record<keyof TokenRate, Column>
>;
const GAINS = {
  kernel: "text",
  beforeMs: "float",
  afterMs: "float",
  savedMs: "float",
} as const satisfies Readonly<
  Record<keyof FunctionGain, Column>
>;

/** What `compare` of a language model returns: a comparison of graphs whose run is a token. */
export class TokenComparison extends GraphComparison {
  /** Tokens per second, one row a level. */
  readonly rateRows: readonly TokenRate[];
  /** `rateRows` as an Arrow table. */
  readonly rates: Table;
  /** What each function's time for a token is at the last two levels, the largest gain first. */
  readonly gainRows: readonly FunctionGain[];
  /** `gainRows` as an Arrow table. */
  readonly gains: Table;

  /** Takes a comparison whose times are those of a token. */
  constructor(of: GraphComparison) {
    super(of);
    this.rateRows = of.rows.map(rateOf);
    this.rates = tableOf(this.rateRows, RATES);
    this.gainRows = gainsOf(of.functionRows);
    this.gains = tableOf(this.gainRows, GAINS);
  }
}

function rateOf({ level, medianMs, lowMs, highMs }: LevelRow): TokenRate {
  return { level, tokensPerSecond: 1000 / medianMs, low: 1000 / highMs, high: 1000 / lowMs };
}

function gainsOf(rows: readonly FunctionRow[]): readonly FunctionGain[] {
  const levels = [...new Set(rows.map((r) => r.level))], [before, after] = levels.slice(-2);
  if (after === undefined) return [];
  const msAt = (level: number | undefined, kernel: string) =>
    rows.filter((r) => r.level === level && r.kernel === kernel).reduce((ms, r) => ms + r.count * r.ms, 0);
  const kernels = new Set(rows.filter((r) => r.level === before || r.level === after).map((r) => r.kernel));
  return [...kernels].map((kernel) => {
    const beforeMs = msAt(before, kernel), afterMs = msAt(after, kernel);
    return { kernel, beforeMs, afterMs, savedMs: beforeMs - afterMs };
  }).toSorted((a, b) => b.savedMs - a.savedMs);
}
