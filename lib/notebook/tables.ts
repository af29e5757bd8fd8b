/** Arrow tables for people: aligned text for terminals, HTML for notebooks. */
import type { Table } from "npm:apache-arrow@21.2.0";
import { printableLine } from "../base/printable.ts";
import type { TrialRecord } from "../records/record.ts";
import { TRIAL_COLUMNS } from "../records/schema.ts";
import { SUMMARY_COLUMNS, type SummaryRow, summaryRows } from "../records/summary.ts";
import { tableToRecords } from "../records/table.ts";
import { isFixed, labelOf } from "../charts/methods.ts";
import { counted, unfolding } from "./lines.ts";
import { digits } from "../charts/spec.ts";
import { View } from "./view.ts";
import { RERUN_COLUMNS } from "../records/rerun.ts";
import { rerunCells } from "./cross_device_table.ts";

/** Rows of a table that is shown whole. Of a longer one so many of the first are shown, and the last ones. */
const ROWS = 20;
const FIRST = 15;
/** Rows that unfold at most. */
const UNFOLDED = 200;
/** Letters of a cell that may take more than one line. */
const WRAP = 40;
/** Letters of a cell that are kept for those who ask for more than is shown. */
const KEPT = 1000;

export type Cells = readonly (readonly string[])[];

/** What a table leaves out. */
export interface Folding {
  /** Letters of a cell that are shown. Default: all. */
  readonly most?: number;
  /** Rows of the table, where the cells are only the first `FIRST` and the last ones. Default: those of the cells. */
  readonly rows?: number;
}

/** A table of texts that shows itself: numbers to the right, the middle of a long one unfolds. */
export class Sheet extends View {
  constructor(readonly cells: Cells, readonly folding: Folding = {}) {
    super();
  }

  override html(): string {
    const { hidden, top, bottom, all } = this.#cut();
    if (hidden === 0) return htmlOf(this.cells, this.folding);
    const gap = `<tr><td colspan="${this.cells[0]?.length ?? 1}" style="text-align:left">${
      hiddenRows(hidden)
    }</td></tr>`;
    const table = htmlOf([...top, ...bottom], this.folding, new Map([[top.length, gap]]));
    if (all > UNFOLDED || all > this.cells.length - 1) return table;
    return table + unfolding(`all ${all} rows`, htmlOf(this.cells, this.folding));
  }

  override text(): string {
    const { hidden, top, bottom } = this.#cut();
    const lines = textOf([...top, ...bottom], this.folding).split("\n");
    return (hidden === 0 ? lines : lines.toSpliced(top.length, 0, hiddenRows(hidden))).join("\n");
  }

  #cut() {
    const have = this.cells.length - 1, all = this.folding.rows ?? have;
    if (all <= ROWS) return { hidden: 0, top: this.cells, bottom: [], all };
    return {
      hidden: all - ROWS,
      top: this.cells.slice(0, 1 + FIRST),
      bottom: this.cells.slice(FIRST - ROWS),
      all,
    };
  }
}

function hiddenRows(n: number): string {
  return `… ${counted(n, "more row")}`;
}

/** A table of rows, a column for each name that a row has: numbers are rounded, long texts cut. */
export function sheet(rows: readonly Readonly<Record<string, unknown>>[]): Sheet {
  const names = [...new Set(rows.flatMap((r) => Object.keys(r)))];
  return new Sheet(valueCells(names, rows.map((r) => names.map((n) => Object.hasOwn(r, n) ? r[n] : ""))), {
    most: 100,
  });
}

/** A table to look at: comparisons and trials in the columns that matter, others as they are. */
export function sheetOf(table: Table): Sheet {
  const { numRows } = table;
  const all = Array.from({ length: Math.min(numRows, UNFOLDED) }, (_, k) => k);
  const rows = numRows <= UNFOLDED ? all : all.slice(0, ROWS).map((k) => k < FIRST ? k : numRows - ROWS + k);
  const names = new Set(table.schema.fields.map((f) => f.name));
  const has = (columns: object) => Object.keys(columns).every((c) => names.has(c));
  if (has(SUMMARY_COLUMNS)) return new Sheet(summaryCells(table, rows), { most: 100, rows: numRows });
  if (has(RERUN_COLUMNS)) return new Sheet(rerunCells(table), { most: 100, rows: numRows });
  if (has(TRIAL_COLUMNS)) return new Sheet(trialCells(table, rows), { most: 100, rows: numRows });
  return new Sheet(cellsOf(table, rows), { most: 40, rows: numRows });
}

/** A table for a cell. */
export function tableBundle(table: Table): { readonly "text/html": string; readonly "text/plain": string } {
  const shown = sheetOf(table);
  return { "text/html": shown.html(), "text/plain": shown.text() };
}

type Columns<Row> = Readonly<Record<string, (r: Row) => string>>;

/** The columns of a comparison that matter. */
const SUMMARY: Columns<SummaryRow> = {
  "operator": (r) => r.task.slice(0, r.task.indexOf("(")),
  "method": (r) => labelOf(r.contestant),
  "rule": (r) => r.rule,
  "ms": (r) => figure(r.medianMs),
  "95% interval": (r) => Number.isFinite(r.lowMs) ? `${figure(r.lowMs)}–${figure(r.highMs)}` : "–",
  "GFLOP/s": (r) => figure(r.gflops || NaN),
  "GB/s": (r) => figure(r.gbps),
  "× Fallback": (r) => figure(r.speedupVsFallback),
  "× DLight": (r) => figure(r.speedupVsDlight),
  "trials": (r) => `${r.trials}`,
  "failed": (r) => `${r.failed}`,
  "search s": (r) => isFixed(r.contestant) ? "–" : r.seconds.toFixed(1),
};

/** The columns that tell trials apart. */
const TRIAL: Columns<TrialRecord> = {
  "method": (r) => labelOf(r.contestant),
  "trial": (r) => `${r.trial}`,
  "after s": (r) => r.secondsSinceStart.toFixed(1),
  "status": (r) => r.status,
  "ms": (r) => figure(r.medianMs),
  "GFLOP/s": (r) => figure(r.gflops || NaN),
  "GB/s": (r) => figure(r.gbps),
  "configuration": (r) => configText(r.config),
};

/** The outcome of a comparison, a row a method. The operator is said where there are several. */
export function summaryCells(summary: Table, rows?: readonly number[]): Cells {
  const all = summaryRows(summary);
  const one = new Set(all.map((r) => r.task)).size === 1;
  return filled(SUMMARY, picked(all, rows), one ? ["operator"] : []);
}

/** Trials. Bytes are said where nothing computes. */
function trialCells(trials: Table, rows: readonly number[]): Cells {
  const records = picked(tableToRecords(trials), rows);
  return filled(TRIAL, records, records.some((r) => r.gflops > 0) ? ["GB/s"] : []);
}

function picked<T>(all: readonly T[], at: readonly number[] | undefined): readonly T[] {
  return at ? at.map((k) => all[k] as T) : all;
}

/** Cells of rows, without the columns `left` out and without a speed that no row has. */
function filled<Row>(columns: Columns<Row>, rows: readonly Row[], left: readonly string[]): Cells {
  const shown = Object.entries(columns).filter(([name, cell]) =>
    !left.includes(name) && (name !== "GFLOP/s" || rows.some((r) => cell(r) !== "–"))
  );
  return [shown.map(([name]) => name), ...rows.map((r) => shown.map(([, cell]) => lineOf(cell(r))))];
}

/** The cells of some rows of any table. */
function cellsOf(table: Table, rows: readonly number[]): Cells {
  const names = table.schema.fields.map((f) => f.name);
  return valueCells(
    names,
    rows.map((r) => {
      const row = table.get(r)?.toJSON() as Readonly<Record<string, unknown>>;
      return names.map((n) => row[n]);
    }),
  );
}

/** Cells as text, numbers to the right. */
export function textOf(cells: Cells, { most = Infinity }: Folding = {}): string {
  const shown = cells.map((row) => row.map((cell) => cut(cell, most)));
  const [head = []] = shown;
  const columns = head.map((_, c) => shown.map((row) => row[c] ?? ""));
  const widths = columns.map((column) => Math.max(...column.map((cell) => cell.length)));
  return shown.map((row) =>
    row.map((cell, c) =>
      isNumeric(columns[c] ?? []) ? cell.padStart(widths[c] ?? 0) : cell.padEnd(widths[c] ?? 0)
    ).join("  ").trimEnd()
  ).join("\n");
}

/**
 * Cells as an HTML table, numbers to the right; whatever they hold is text. A cell that is cut has the whole of it as
 * its title. `between` holds rows of HTML to put before the row of that number.
 */
export function htmlOf(
  cells: Cells,
  { most = Infinity }: Folding = {},
  between: ReadonlyMap<number, string> = new Map(),
): string {
  const [head = []] = cells;
  const sides = head.map((_, c) => isNumeric(cells.map((row) => row[c] ?? "")) ? "right" : "left");
  const cell = (tag: string, text: string, c: number) => {
    const wrap = Math.min(text.length, most) > WRAP ? "" : ";white-space:nowrap";
    const title = text.length > most ? ` title="${escapeHtml(text)}"` : "";
    return `<${tag}${title} style="text-align:${sides[c]}${wrap}">${escapeHtml(cut(text, most))}</${tag}>`;
  };
  const rows = cells.map((r, k) => {
    const row = r.map((x, c) => cell(k === 0 ? "th" : "td", x, c)).join("");
    return `${between.get(k) ?? ""}<tr>${row}</tr>`;
  });
  return `<table>${rows.join("")}</table>`;
}

/** A number, an interval of two, a number with its interval or with what it is of, or none. */
const NUMBER = /^[-+]?[\d.,]+(?:e[-+]?\d+)?(?:–[\d.,]+| \([\d.,]+–[\d.,]+\))?(?: ?[%×])?$|^–?$/;

/** True for a column of numbers, below its head. */
function isNumeric(column: readonly string[]): boolean {
  return column.slice(1).every((cell) => NUMBER.test(cell));
}

export function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replace(/[&<>"']/g, (c) => entities[c] ?? c);
}

function figure(x: number): string {
  return Number.isFinite(x) ? digits(x) : "–";
}

/** A configuration's JSON as a person reads it: `tile_i=8x4 vectorize=true`. */
export function configText(json: string): string {
  return json.replace(/\[([\d,]*)\]/g, (_, factors: string) => factors.replaceAll(",", "x"))
    .replace(/["{}]/g, "").replaceAll(":", "=").replaceAll(",", " ");
}

/** Values as cells; in a column of whole numbers none is rounded. */
function valueCells(names: readonly string[], rows: readonly (readonly unknown[])[]): Cells {
  const whole = names.map((_, c) => rows.every((r) => typeof r[c] !== "number" || Number.isInteger(r[c])));
  return [
    names.map(lineOf),
    ...rows.map((r) => r.map((x, c) => lineOf(whole[c] && typeof x === "number" ? `${x}` : printedValue(x)))),
  ];
}

function lineOf(text: string): string {
  return printableLine(text, KEPT);
}

/** Numbers of a list that are shown. */
const LISTED = 6;

function printedValue(x: unknown): string {
  if (typeof x === "number") return figure(x);
  if (typeof x === "string") return x;
  if (x === null || x === undefined) return "–";
  if (typeof x === "object" && Symbol.iterator in x) {
    const all = [...x as Iterable<unknown>];
    return [...all.slice(0, LISTED).map(printedValue), ...(all.length > LISTED ? ["…"] : [])].join(", ");
  }
  // JSON has no words for a bigint.
  if (typeof x === "object") return JSON.stringify(x, (_, v) => typeof v === "bigint" ? `${v}` : v) ?? "";
  return `${x as boolean}`;
}

/** So many letters, the last a sign that there are more. */
function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
