/** The tokens per second of a language model by level, and their table. */
import type { Table } from "npm:apache-arrow@21.2.0";
import type { Column } from "./schema.ts";
import { rowsOf, tableOf } from "./table.ts";

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

const COLUMNS = {
  level: "int",
  tokensPerSecond: "float",
  low: "float",
  high: "float",
} as const satisfies Readonly<Record<keyof TokenRate, Column>>;

/** Makes the table of rates. */
export function tokenRateTable(rows: readonly TokenRate[]): Table {
  return tableOf(rows, COLUMNS);
}

/**
 * Reads the rows of a table of rates.
 *
 * @throws {RecordError} if a column is missing, or a value is not of its column
 */
export function tokenRates(table: Table): readonly TokenRate[] {
  return rowsOf(table, COLUMNS);
}
