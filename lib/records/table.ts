/** Converts rows to Arrow tables, and tables to rows. */
import { checkArgument } from "../base/check_options.ts";
import { recordsKind } from "./kinds.ts";
import { makeData, RecordBatch, type Schema, Struct, Table, vectorFromArray } from "npm:apache-arrow@21.2.0";
import { OLD_NAMES, type OldNames } from "../schedule/old_names.ts";
import { RecordError } from "./error.ts";
import { presentRecord } from "./present_names.ts";
import type { TrialRecord } from "./record.ts";
import {
  arrowType,
  type Column,
  type Columns,
  type RowOf,
  schemaOf,
  SINCE_FIRST,
  type Stored,
  storedOf,
  TRIAL_COLUMNS,
} from "./schema.ts";
import { shownValue } from "../base/shown_value.ts";

/** Makes one batch of rows. */
export function batchOf<C extends Columns>(
  rows: readonly RowOf<C>[],
  columns: C,
  schema: Schema,
): RecordBatch {
  const children = Object.entries(columns).map(([name, column]) => {
    const values = rows.map((r) => {
      const value: unknown = r[name];
      return column === "floats" ? [...value as readonly number[]] : value;
    });
    const [data] = vectorFromArray(values, arrowType(column)).data;
    if (!data) throw new RecordError(`expected data for column ${name}, got none, writing records`);
    return data;
  });
  return new RecordBatch(
    schema,
    makeData({ type: new Struct(schema.fields), length: rows.length, nullCount: 0, children }),
  );
}

/** Makes a table of one batch of rows. A table without rows keeps its columns. */
export function tableOf<C extends Columns>(
  rows: readonly RowOf<C>[],
  columns: C,
  metadata: Readonly<Record<string, string>> = {},
): Table {
  const schema = schemaOf(columns, metadata);
  return rows.length === 0 ? new Table(schema) : new Table(schema, [batchOf(rows, columns, schema)]);
}

/**
 * Makes a table of trials, one row a trial.
 *
 * @throws {OptionError} for an argument of a wrong kind
 */
export function recordsToTable(records: readonly TrialRecord[]): Table {
  checkArgument("records.recordsToTable", "records", records, recordsKind);
  return tableOf(records, TRIAL_COLUMNS);
}

/**
 * Reads the trials of a table, and translates rules, knobs and steps to their present names.
 *
 * @param names the old names of rules, knobs and steps
 * @throws {RecordError} if a column is missing, or a value is not of its column
 */
export function tableToRecords(table: Table, names: OldNames = OLD_NAMES): readonly TrialRecord[] {
  return rowsOf(table, TRIAL_COLUMNS, SINCE_FIRST).map((r) => presentRecord(r, names));
}

/**
 * Checks that a value is an Arrow table.
 *
 * @throws {RecordError} for any other value
 */
export function checkTable(table: Table): void {
  if (typeof table?.getChild === "function" && "schema" in table) return;
  throw new RecordError(`expected an Arrow table, got ${shownValue(table)}, reading records`);
}

/**
 * Reads the rows of a table. Each value is checked against its column.
 *
 * @param otherwise the columns that the table may lack, with their values in that case
 * @throws {RecordError} if another column is missing, or a value is not of its column
 */
export function rowsOf<const C extends Columns>(
  table: Table,
  columns: C,
  otherwise: Partial<RowOf<C>> = {},
): readonly RowOf<C>[] {
  checkTable(table);
  const readers = Object.entries(columns).map(([name, column]) => {
    const vector = table.getChild(name);
    if (vector) return [name, (row: number) => checked(vector.get(row), column, name)] as const;
    if (Object.hasOwn(otherwise, name)) return [name, () => otherwise[name] as unknown] as const;
    const has = table.schema.fields.map((f) => f.name).join(", ");
    throw new RecordError(`expected a table with a column ${name}, got ${has || "none"}, reading records`);
  });
  return Array.from(
    { length: table.numRows },
    // Each value was checked against its column.
    (_, row) => Object.fromEntries(readers.map(([name, read]) => [name, read(row)])) as RowOf<C>,
  );
}

function checked(value: unknown, column: Column, name: string): unknown {
  const read = valueOf(value, storedOf(column));
  if (read !== undefined && (typeof column === "string" || column.some((text) => text === read))) return read;
  const takes = typeof column === "string" ? column : `one of ${column.join(", ")}`;
  const got = typeof value === "string" ? JSON.stringify(value.slice(0, 60)) : typeof value;
  throw new RecordError(`expected ${takes} in column ${name}, got ${got}, reading records`);
}

function valueOf(value: unknown, stored: Stored): unknown {
  switch (stored) {
    case "text":
      return typeof value === "string" ? value : undefined;
    case "int":
    case "float":
      return typeof value === "number" ? value : undefined;
    case "floats":
      return value !== null && typeof value === "object" ? Array.from(value as Iterable<number>) : undefined;
    default:
      return stored satisfies never;
  }
}
