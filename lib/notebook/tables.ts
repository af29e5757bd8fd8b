/** Shows Arrow tables: aligned text for terminals, HTML for notebooks. */
import { checkArgument, type Kind } from "../base/check_options.ts";
import { arrayOf, passing } from "../base/option_kinds.ts";
import type { Table } from "npm:apache-arrow@21.2.0";
import { printableLine } from "../base/printable.ts";
import type { TrialRecord } from "../records/record.ts";
import { TRIAL_COLUMNS } from "../records/schema.ts";
import { SUMMARY_COLUMNS, summaryRows } from "../records/summary_table.ts";
import type { SummaryRow } from "../records/summary.ts";
import { tableToRecords } from "../records/table.ts";
import { rerunCells } from "../charts/rerun_cells.ts";
import { isFixed, labelOf } from "../charts/methods.ts";
import { counted, unfolding } from "./lines.ts";
import { digits } from "../charts/spec.ts";
import { View } from "./view.ts";
import { RERUN_COLUMNS, rerunRows } from "../records/rerun_table.ts";

/** Most visible rows. A longer table shows its first `FIRST` rows and its last ones. */
const ROWS = 20;
const FIRST = 15;
/** Most rows that unfold. */
const UNFOLDED = 200;
/** A cell with more characters may wrap. */
const WRAP = 40;
/** Most characters of a cell's tooltip. */
const KEPT = 1000;

/** The texts of a table: rows × columns, the head first. */
export type Cells = readonly (readonly string[])[];

/** How much of a table is shown. */
export interface Folding {
  /** Most visible characters of a cell. Default: all. */
  readonly most?: number;
  /** Rows of the whole table, if the cells hold only its first and last rows. Default: the rows of the cells. */
  readonly rows?: number;
}

/** A table of texts that shows itself. Numbers are aligned right, and the middle of a long table unfolds. */
export class Sheet extends View {
  /** Takes the cells, and how much of them is shown. */
  constructor(readonly cells: Cells, readonly folding: Folding = {}) {
    super();
  }

  /** Returns an HTML table. The rows in the middle of a long table unfold. */
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

  /** Returns aligned text. The middle of a long table is left out. */
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

const SHEET_ROWS: Kind<readonly Readonly<Record<string, unknown>>[]> = arrayOf(
  passing("an object, one row", (x) => typeof x === "object" && x !== null),
);

/**
 * Makes a table of rows, with a column for each name in a row. Numbers are rounded, and long texts are cut.
 *
 * @throws {OptionError} for an argument of a wrong kind
 */
export function sheet(rows: readonly Readonly<Record<string, unknown>>[]): Sheet {
  checkArgument("sheet", "rows", rows, SHEET_ROWS);
  const names = [...new Set(rows.flatMap((r) => Object.keys(r)))];
  return new Sheet(valueCells(names, rows.map((r) => names.map((n) => Object.hasOwn(r, n) ? r[n] : ""))), {
    most: 100,
  });
}

/** Makes a readable table. Summaries, reruns and trials have their main columns; other tables have all. */
export function sheetOf(table: Table): Sheet {
  const { numRows } = table;
  const all = Array.from({ length: Math.min(numRows, UNFOLDED) }, (_, k) => k);
  const rows = numRows <= UNFOLDED ? all : all.slice(0, ROWS).map((k) => k < FIRST ? k : numRows - ROWS + k);
  const names = new Set(table.schema.fields.map((f) => f.name));
  const has = (columns: object) => Object.keys(columns).every((c) => names.has(c));
  if (has(SUMMARY_COLUMNS)) return new Sheet(summaryCells(table, rows), { most: 100, rows: numRows });
  if (has(RERUN_COLUMNS)) return new Sheet(rerunCells(rerunRows(table)), { most: 100, rows: numRows });
  if (has(TRIAL_COLUMNS)) return new Sheet(trialCells(table, rows), { most: 100, rows: numRows });
  return new Sheet(cellsOf(table, rows), { most: 40, rows: numRows });
}

/** Returns the formats of a table for a notebook's cell, by media type. */
export function tableBundle(table: Table): { readonly "text/html": string; readonly "text/plain": string } {
  const shown = sheetOf(table);
  return { "text/html": shown.html(), "text/plain": shown.text() };
}

type Columns<Row> = Readonly<Record<string, (r: Row) => string>>;

/** The main columns of a summary. */
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

/** The main columns of trials. */
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

/** Makes the cells of a summary, one row a method. It has a column for the operator if there are several. */
export function summaryCells(summary: Table, rows?: readonly number[]): Cells {
  const all = summaryRows(summary);
  const one = new Set(all.map((r) => r.task)).size === 1;
  return filled(SUMMARY, picked(all, rows), one ? ["operator"] : []);
}

/** Makes the cells of trials. The column of GB/s is for programs without arithmetic. */
function trialCells(trials: Table, rows: readonly number[]): Cells {
  const records = picked(tableToRecords(trials), rows);
  return filled(TRIAL, records, records.some((r) => r.gflops > 0) ? ["GB/s"] : []);
}

function picked<T>(all: readonly T[], at: readonly number[] | undefined): readonly T[] {
  return at ? at.map((k) => all[k] as T) : all;
}

/** Makes the cells of rows. It leaves out the columns in `left`, and GFLOP/s if no row has them. */
function filled<Row>(columns: Columns<Row>, rows: readonly Row[], left: readonly string[]): Cells {
  const shown = Object.entries(columns).filter(([name, cell]) =>
    !left.includes(name) && (name !== "GFLOP/s" || rows.some((r) => cell(r) !== "–"))
  );
  return [shown.map(([name]) => name), ...rows.map((r) => shown.map(([, cell]) => lineOf(cell(r))))];
}

/** Makes the cells of some rows of any table. */
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

/** Writes cells as aligned text, with numbers aligned right. */
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
 * Writes cells as an HTML table, with numbers aligned right and all texts escaped. A cell that is cut has its full text
 * as its tooltip. `between` maps the number of a row to HTML rows that go before it.
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
    return `<${tag}${tag === "th" ? ' scope="col"' : ""}${title} style="text-align:${sides[c]}${wrap}">${
      escapeHtml(cut(text, most))
    }</${tag}>`;
  };
  const rows = cells.map((r, k) => {
    const row = r.map((x, c) => cell(k === 0 ? "th" : "td", x, c)).join("");
    return `${between.get(k) ?? ""}<tr>${row}</tr>`;
  });
  const [first = "", ...others] = rows;
  return `<table><thead>${first}</thead><tbody>${others.join("")}</tbody></table>`;
}

/** A number, an interval, a number with its interval or its unit, or a dash. */
const NUMBER = /^[-+]?[\d.,]+(?:e[-+]?\d+)?(?:–[\d.,]+| \([\d.,]+–[\d.,]+\))?(?: ?[%×])?$|^–?$/;

/** True if a column has only numbers below its head. */
function isNumeric(column: readonly string[]): boolean {
  return column.slice(1).every((cell) => NUMBER.test(cell));
}

/** Escapes a text for HTML, in elements and in attributes. */
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

/** Escapes a text for an element, where quotes may stay as they are. */
export function escapeText(text: string): string {
  return text.replace(/[&<>]/g, escapeHtml);
}

function figure(x: number): string {
  return Number.isFinite(x) ? digits(x) : "–";
}

/** Writes a configuration's JSON in readable form: `tile_i=8x4 vectorize=true`. */
export function configText(json: string): string {
  return json.replace(/\[([\d,]*)\]/g, (_, factors: string) => factors.replaceAll(",", "x"))
    .replace(/["{}]/g, "").replaceAll(":", "=").replaceAll(",", " ");
}

/** Writes values as cells. A column of integers is not rounded. */
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

/** Most visible values of a list. */
const LISTED = 6;

function printedValue(x: unknown): string {
  if (typeof x === "number") return figure(x);
  if (typeof x === "string") return x;
  if (x === null || x === undefined) return "–";
  if (typeof x === "object" && Symbol.iterator in x) {
    const all = [...x as Iterable<unknown>];
    return [...all.slice(0, LISTED).map(printedValue), ...(all.length > LISTED ? ["…"] : [])].join(", ");
  }
  // JSON can't represent a bigint.
  if (typeof x === "object") return JSON.stringify(x, (_, v) => typeof v === "bigint" ? `${v}` : v) ?? "";
  return `${x as boolean}`;
}

/** Cuts a text to `most` characters; an ellipsis marks the cut. */
function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
