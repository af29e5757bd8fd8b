/** Draws the tokens per second of a language model at each level. */
import type { Table } from "npm:apache-arrow@21.2.0";
import { checkOptions } from "../base/check_options.ts";
import { type TokenRate, tokenRates as rateRows } from "../records/token_rates.ts";
import { Chart } from "./chart.ts";
import { levelBars } from "./levels.ts";
import { captioned, CHART_FIELDS, type ChartOptions, digits, emptyChart, type Spec } from "./spec.ts";

const TITLE = "Tokens a second at each level";

/**
 * Draws the tokens per second of a language model at each level as bars, with the 95% confidence intervals of the medians.
 *
 * `table` is `rates` of what `compare` of a language model returns.
 *
 * @throws {RecordError} if the table lacks a column, or a value is not of its column
 */
export function tokenRates(table: Table, options: ChartOptions = {}): Chart {
  checkOptions("charts.tokenRates", options, CHART_FIELDS);
  return new Chart(tokenRatesSpec(rateRows(table), options));
}

/** Draws `tokenRates` of the rows of its table. */
export function tokenRatesSpec(rows: readonly TokenRate[], options: ChartOptions = {}): Spec {
  if (!rows.some((r) => r.tokensPerSecond > 0)) return emptyChart(options, TITLE, "no level was measured");
  const bars = rows.map(({ level, tokensPerSecond, low, high }) =>
    tokensPerSecond > 0
      ? { level, x: tokensPerSecond, low, high, text: `${digits(tokensPerSecond)} tokens a second` }
      : { level, x: 0, text: "no result" }
  );
  return levelBars(
    bars,
    "tokens a second",
    captioned(options, TITLE, ["lines: 95% intervals of the medians"]),
  );
}
