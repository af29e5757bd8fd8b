/** Showing things in a notebook's cell, or in a terminal. */
import type { Table } from "apache-arrow";
import { Chart } from "./chart.ts";
import { cellsOf, htmlOf, summaryCells, textOf } from "./tables.ts";

/** The part of Deno's Jupyter interface that is used; it exists in a notebook only. */
interface Jupyter {
  display(
    bundle: unknown,
    options: { readonly raw: true; readonly display_id?: string; readonly update?: boolean },
  ): Promise<void>;
}

/** Jupyter's interface, or undefined outside of a notebook, where Deno has a getter in its place that throws. */
export function jupyter(): Jupyter | undefined {
  return Object.getOwnPropertyDescriptor(Deno, "jupyter")?.value as Jupyter | undefined;
}

/** Jupyter may call a cell done before its outputs are out: this long after the last one, they are (ms). */
const DRAIN_MS = 80;

/**
 * Shows charts and tables, in order: in a notebook as outputs of the cell, in a terminal as text (a chart as
 * its title). End a cell with it, awaited, and none of its outputs is lost.
 */
export async function display(...things: readonly (Chart | Table)[]): Promise<void> {
  const notebook = jupyter();
  for (const thing of things) {
    const bundle = thing instanceof Chart ? await bundleOf(thing) : tableBundle(thing);
    if (notebook) await notebook.display(bundle, { raw: true });
    else console.log(bundle["text/plain"]);
  }
  if (notebook) await drain();
}

/** Waits until the outputs of a cell have left the kernel. */
export function drain(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, DRAIN_MS));
}

async function bundleOf(chart: Chart): Promise<Record<string, unknown>> {
  return await (chart as unknown as Record<symbol, () => Promise<Record<string, unknown>>>)[
    Symbol.for("Jupyter.display")
  ]?.call(chart) ?? {};
}

/** A table for a cell: comparisons in the columns that matter, others as they are. */
export function tableBundle(table: Table): Record<string, string> {
  const comparison = table.schema.fields.some((f) => f.name === "speedupVsDlight");
  const cells = comparison ? summaryCells(table) : cellsOf(table);
  const hidden = table.numRows - (cells.length - 1);
  const more = hidden > 0 ? `… ${hidden} more rows` : "";
  return {
    "text/html": htmlOf(cells) + (more && `<p>${more}</p>`),
    "text/plain": textOf(cells) + (more && `\n${more}`),
  };
}
