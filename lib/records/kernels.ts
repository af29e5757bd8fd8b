/** The times of a model's kernels, one row a kernel and method. */
import { checkArgument, type Kind } from "../base/check_options.ts";
import { arrayOf, required, text, withFields } from "../base/option_kinds.ts";
import { programKind, shapesKind } from "../ir/kinds.ts";
import { figureKind } from "./kinds.ts";
import type { Table } from "npm:apache-arrow@21.2.0";
import { flopsOf, trafficOf } from "../estimate/work.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Shapes } from "../ir/shapes.ts";
import { RecordError } from "./error.ts";
import type { Column } from "./schema.ts";
import { rowsOf, tableOf } from "./table.ts";

/** One kernel of a model, as one method scheduled it. */
export interface KernelRow {
  /** The kernel's name. */
  readonly kernel: string;
  /** A group of kernels that a chart draws together, for example the rule that schedules them. */
  readonly kind: string;
  /** The method that scheduled it: `dlight`, `autotvm+dlight`, or any other name. */
  readonly contestant: string;
  /** How often it runs in one pass of the model. */
  readonly count: number;
  /** Floating-point operations of one run. */
  readonly flops: number;
  /** Bytes that one run must move at least. */
  readonly bytes: number;
  /** Milliseconds of one run; NaN if no trial gave a valid result. */
  readonly ms: number;
}

/** The columns of a table of kernels. */
export const KERNEL_COLUMNS = {
  kernel: "text",
  kind: "text",
  contestant: "text",
  count: "float",
  flops: "float",
  bytes: "float",
  ms: "float",
} as const satisfies Readonly<Record<keyof KernelRow, Column>>;

/** A program and its time. `te.suite` makes a list with most of these fields. */
export interface MeasuredKernel extends Omit<KernelRow, "kernel" | "count" | "flops" | "bytes"> {
  /** The kernel's name. */
  readonly name: string;
  /** The program. The kernel's operations and bytes are counted from it. */
  readonly func: PrimFunc;
  /** Values of its shape variables, by name. Default: none. */
  readonly shapes?: Shapes;
  /** How often it runs in one pass of the model. Default 1. */
  readonly count?: number;
}

const KERNELS: Kind<readonly MeasuredKernel[]> = arrayOf(
  withFields<MeasuredKernel>("a kernel with name, kind, contestant, func and ms", {
    name: required(text),
    kind: required(text),
    contestant: required(text),
    func: required(programKind),
    ms: required(figureKind),
    shapes: shapesKind,
    count: figureKind,
  }),
);

/**
 * Makes a table of measured kernels for `underRoofline` and `whereTimeGoes`. It counts their operations and bytes.
 *
 * @throws {OptionError} for an argument of a wrong kind
 */
export function kernelTable(kernels: readonly MeasuredKernel[]): Table {
  checkArgument("records.kernelTable", "kernels", kernels, KERNELS);
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

/**
 * Reads a table of kernels.
 *
 * @throws {RecordError} if a column is missing, or a method has two rows for one kernel
 */
export function kernelRows(table: Table): readonly KernelRow[] {
  const rows = rowsOf(table, KERNEL_COLUMNS);
  const seen = new Set<string>();
  for (const { kernel, contestant } of rows) {
    const key = JSON.stringify([kernel, contestant]);
    if (seen.has(key)) {
      throw new RecordError(
        `expected one row for each kernel and method, got two of kernel ${kernel.slice(0, 60)} by ` +
          `${
            contestant.slice(0, 60)
          }, reading kernels; give each a distinct name, for example with its phase`,
      );
    }
    seen.add(key);
  }
  return rows;
}
