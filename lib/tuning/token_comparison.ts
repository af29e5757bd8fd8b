import type { Table } from "npm:apache-arrow@21.2.0";
import { Chart } from "../charts/chart.ts";
import { tokenRatesSpec } from "../charts/token_rates.ts";
import type { FunctionRow } from "../records/graph_functions.ts";
import type { LevelRow } from "../records/graph_levels.ts";
import type { Column } from "../records/schema.ts";
import { type TokenRate, tokenRateTable } from "../records/token_rates.ts";
import { tableOf } from "../records/table.ts";
import { GraphComparison } from "./graph_comparison.ts";

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
  /** The levels, where the time goes, and tokens per second. */
  override readonly charts: GraphComparison["charts"] & { readonly tokenRates: Chart };
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
    this.rates = tokenRateTable(this.rateRows);
    const [first] = of.rows;
    const title = first && `${first.graph}: tokens a second at each level`;
    this.charts = {
      ...of.charts,
      tokenRates: new Chart(tokenRatesSpec(this.rateRows, title === undefined ? {} : { title })),
    };
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
