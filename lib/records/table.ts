/** Rows as Arrow tables, and back. */
import { makeData, RecordBatch, type Schema, Struct, Table, vectorFromArray } from "npm:apache-arrow@21.2.0";
import { OLD_NAMES, type OldNames } from "../schedule/old_names.ts";
import { RecordError } from "./error.ts";
import { presentRecord } from "./present_names.ts";
import type { TrialRecord } from "./record.ts";
import { arrowType, type Column, schemaOf, SINCE_FIRST, TRIAL_COLUMNS } from "./schema.ts";

type Columns = Readonly<Record<string, Column>>;

/** One batch of rows. */
export function batchOf(rows: readonly object[], columns: Columns, schema: Schema): RecordBatch {
  const children = Object.entries(columns).map(([name, column]) => {
    const values = rows.map((r) => {
      const value = (r as Readonly<Record<string, unknown>>)[name];
      return column === "floats" ? [...value as readonly number[]] : value;
    });
    const [data] = vectorFromArray(values, arrowType(column)).data;
    if (!data) throw new RecordError(`column ${name} has no data`);
    return data;
  });
  return new RecordBatch(
    schema,
    makeData({ type: new Struct(schema.fields), length: rows.length, nullCount: 0, children }),
  );
}

/** Rows as a table of one batch; a table without rows keeps its columns. */
export function tableOf(
  rows: readonly object[],
  columns: Columns,
  metadata: Readonly<Record<string, string>> = {},
): Table {
  const schema = schemaOf(columns, metadata);
  return rows.length === 0 ? new Table(schema) : new Table(schema, [batchOf(rows, columns, schema)]);
}

export function recordsToTable(records: readonly TrialRecord[]): Table {
  return tableOf(records, TRIAL_COLUMNS);
}

/**
 * The records of a table, under the present names of rules, knobs and steps.
 *
 * @param names as earlier versions wrote them
 * @throws {RecordError} where a column is missing or holds something else
 */
export function tableToRecords(table: Table, names: OldNames = OLD_NAMES): readonly TrialRecord[] {
  const known = Object.entries(TRIAL_COLUMNS).filter(([name]) =>
    !Object.hasOwn(SINCE_FIRST, name) || table.getChild(name)
  );
  const rows = rowsOf(table, Object.fromEntries(known));
  const records = rows.map((row) => ({ ...SINCE_FIRST, ...row })) as unknown as readonly TrialRecord[];
  return records.map((r) => presentRecord(r, names));
}

/** The rows of a table, checked against the columns that they should have. */
export function rowsOf(table: Table, columns: Columns): readonly Readonly<Record<string, unknown>>[] {
  const readers = Object.entries(columns).map(([name, column]) => {
    const vector = table.getChild(name);
    if (!vector) {
      const has = table.schema.fields.map((f) => f.name).join(", ");
      throw new RecordError(`cannot read records: column ${name} is missing; the table has ${has}`);
    }
    return [name, (row: number) => plain(vector.get(row), column, name)] as const;
  });
  return Array.from(
    { length: table.numRows },
    (_, row) => Object.fromEntries(readers.map(([name, read]) => [name, read(row)])),
  );
}

function plain(value: unknown, column: Column, name: string): unknown {
  if (column === "text" && typeof value === "string") return value;
  if ((column === "int" || column === "float") && typeof value === "number") return value;
  if (column === "floats" && value !== null && typeof value === "object") {
    return Array.from(value as Iterable<number>);
  }
  throw new RecordError(`cannot read records: column ${name} holds ${typeof value} where ${column} belongs`);
}
