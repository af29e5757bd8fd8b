/** What the kernels of a model take, by how they are scheduled: one row a kernel and method. */
import type { Table } from "npm:apache-arrow@21.2.0";
import { flopsOf, trafficOf } from "../estimate/work.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Shapes } from "../ir/shapes.ts";
import { RecordError } from "./error.ts";
import type { Column } from "./schema.ts";
import { rowsOf, tableOf } from "./table.ts";

export interface KernelRow {
  readonly kernel: string;
  /** Of operator: kernels of a kind stand together. The rule that schedules it is one. */
  readonly kind: string;
  /** Who scheduled it: `dlight`, `autotvm+dlight`, or a name of one's own. */
  readonly contestant: string;
  /** Times that it runs in the whole. */
  readonly count: number;
  /** Operations on floats, and bytes that must move, of one run. */
  readonly flops: number;
  readonly bytes: number;
  /** Of one run; NaN where none gave a valid result. */
  readonly ms: number;
}

export const KERNEL_COLUMNS = {
  kernel: "text",
  kind: "text",
  contestant: "text",
  count: "float",
  flops: "float",
  bytes: "float",
  ms: "float",
} as const satisfies Readonly<Record<keyof KernelRow, Column>>;

/** A program and what it took; `te.suite` makes a list of most of it. */
export interface MeasuredKernel extends Omit<KernelRow, "kernel" | "count" | "flops" | "bytes"> {
  readonly name: string;
  readonly func: PrimFunc;
  /** Values of its shape variables. */
  readonly shapes?: Shapes;
  /** Default 1. */
  readonly count?: number;
}

/** Measured kernels as a table for `underRoofline` and `whereTimeGoes`; their work is counted here. */
export function kernelTable(kernels: readonly MeasuredKernel[]): Table {
  const rows = kernels.map(({ name, kind, contestant, func, shapes = {}, count = 1, ms }): KernelRow => ({
    kernel: name,
    kind,
    contestant,
    count,
    flops: flopsOf(func, shapes),
    bytes: trafficOf(func, shapes),
    ms,
  }));
  return tableOf(rows, KERNEL_COLUMNS);
}

/** @throws {RecordError} for a table that lacks a column, or has a kernel of a method twice */
export function kernelRows(table: Table): readonly KernelRow[] {
  const rows = rowsOf(table, KERNEL_COLUMNS);
  const seen = new Set<string>();
  for (const { kernel, contestant } of rows) {
    const key = JSON.stringify([kernel, contestant]);
    if (seen.has(key)) {
      throw new RecordError(
        `kernel ${kernel.slice(0, 60)} of ${contestant.slice(0, 60)} comes twice: ` +
          `give each a name of its own, for example with its phase`,
      );
    }
    seen.add(key);
  }
  return rows;
}
