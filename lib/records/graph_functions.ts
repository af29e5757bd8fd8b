/** The functions of a graph with their times, one row a function and level. */
import type { Table } from "npm:apache-arrow@21.2.0";
import { KERNEL_COLUMNS, type KernelRow } from "./kernels.ts";
import type { Column } from "./schema.ts";
import { rowsOf, tableOf } from "./table.ts";

/** One function of a graph, as one level built it. `kind` is its rule, `contestant` its level in words. */
export interface FunctionRow extends KernelRow {
  /** The level: 0 to 3. */
  readonly level: number;
  /** Kernels that one run of it launches. */
  readonly launches: number;
  /** What chose its schedule: a rule, a record or a search. */
  readonly how: "given" | "rule" | "record" | "search";
  /** Its part of the time of all functions of its level, from 0 to 1; NaN where one has no time. */
  readonly share: number;
}

/** The columns of a table of functions: those of kernels, and a graph's own. */
export const FUNCTION_COLUMNS = {
  ...KERNEL_COLUMNS,
  level: "int",
  launches: "int",
  how: ["given", "rule", "record", "search"],
  share: "float",
} as const satisfies Readonly<Record<keyof FunctionRow, Column>>;

/** Makes a table of functions. `charts.whereTimeGoes` and `charts.underRoofline` take it. */
export function functionTable(rows: readonly FunctionRow[]): Table {
  return tableOf(rows, FUNCTION_COLUMNS);
}

/**
 * Reads a table of functions.
 *
 * @throws {RecordError} if a column is missing, or a value is not of its column
 */
export function functionRows(table: Table): readonly FunctionRow[] {
  return rowsOf(table, FUNCTION_COLUMNS);
}
