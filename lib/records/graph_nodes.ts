/** A graph before and after fusion, one row an input, a function and an operator. */
import type { Table } from "npm:apache-arrow@21.2.0";
import { RecordError } from "./error.ts";
import type { Column } from "./schema.ts";
import { rowsOf, tableOf } from "./table.ts";

/** One node of a graph: an input, a function after fusion, or an operator before it. */
export interface GraphNodeRow {
  /** What it is. */
  readonly kind: "input" | "function" | "operator";
  /** The name of its result, distinct among nodes of its kind. */
  readonly name: string;
  /** The name of the operator or the function. */
  readonly label: string;
  /** The rule of a function; empty for other nodes. */
  readonly rule: string;
  /** The function that computes an operator, by name; empty where there is none, and for other nodes. */
  readonly group: string;
  /** Type and extents of its first result, as `f32[1, 32]`. */
  readonly shape: string;
  /** The nodes that it reads, as a list of names in JSON: inputs and functions, or inputs and operators. */
  readonly inputs: string;
  /** The output of the graph that it is; empty for none. */
  readonly output: string;
}

/** The columns of a table of nodes. */
export const GRAPH_NODE_COLUMNS = {
  kind: ["input", "function", "operator"],
  name: "text",
  label: "text",
  rule: "text",
  group: "text",
  shape: "text",
  inputs: "text",
  output: "text",
} as const satisfies Readonly<Record<keyof GraphNodeRow, Column>>;

/** Makes a table of nodes, which `charts.fusedGraph` draws. */
export function graphNodeTable(rows: readonly GraphNodeRow[]): Table {
  return tableOf(rows, GRAPH_NODE_COLUMNS);
}

/** A node with its inputs as a list. */
export type GraphNode = Omit<GraphNodeRow, "inputs"> & { readonly inputs: readonly string[] };

/**
 * Reads a table of nodes.
 *
 * @throws {RecordError} if a column is missing, or a value is not of its column
 */
export function graphNodes(table: Table): readonly GraphNode[] {
  return rowsOf(table, GRAPH_NODE_COLUMNS).map((r) => ({ ...r, inputs: namesIn(r.inputs) }));
}

function namesIn(text: string): readonly string[] {
  let names: unknown;
  try {
    names = JSON.parse(text);
  } catch {
    names = undefined;
  }
  if (Array.isArray(names) && names.every((n) => typeof n === "string")) return names;
  throw new RecordError(
    `expected a list of names in column inputs, got ${JSON.stringify(text.slice(0, 60))}, reading a graph`,
  );
}
