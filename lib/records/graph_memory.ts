/** What lies in a graph's storages while it runs, one row a value, workspace or copy. */
import type { Table } from "npm:apache-arrow@21.2.0";
import type { Column } from "./schema.ts";
import { rowsOf, tableOf } from "./table.ts";

/** A value, a workspace or a copy in its storage. */
export interface MemoryRow {
  /** Its name. */
  readonly name: string;
  /**
   * Workspaces live during one call, values from the call that makes them to the last that reads them. A copy of a value lies
   * in a texture, for the calls that read it there.
   */
  readonly kind: "value" | "workspace" | "copy";
  /** The storage, by its index; an arena is one, and textures follow. */
  readonly storage: number;
  /** Bytes of the storage. */
  readonly storageBytes: number;
  /** Where it begins in the storage, bytes. */
  readonly offset: number;
  /** Its own bytes. */
  readonly bytes: number;
  /** The first call that needs it, from 0. */
  readonly from: number;
  /** The last call that needs it. */
  readonly to: number;
}

/** The columns of a table of memory. */
export const MEMORY_COLUMNS = {
  name: "text",
  kind: ["value", "workspace", "copy"],
  storage: "int",
  storageBytes: "float",
  offset: "float",
  bytes: "float",
  from: "int",
  to: "int",
} as const satisfies Readonly<Record<keyof MemoryRow, Column>>;

/** Makes a table of memory, which `charts.memoryOverTime` draws. */
export function memoryTable(rows: readonly MemoryRow[]): Table {
  return tableOf(rows, MEMORY_COLUMNS);
}

/**
 * Reads a table of memory.
 *
 * @throws {RecordError} if a column is missing, or a value is not of its column
 */
export function memoryRows(table: Table): readonly MemoryRow[] {
  return rowsOf(table, MEMORY_COLUMNS);
}
