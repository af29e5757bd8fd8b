/** Arrow tables for people: aligned text for terminals, HTML for notebooks. */
import type { Table } from "apache-arrow";
import { printableLine } from "../ir/printable.ts";
import type { TrialRecord } from "../records/record.ts";
import { TRIAL_COLUMNS } from "../records/schema.ts";
import { SUMMARY_COLUMNS, type SummaryRow, summaryRows } from "../records/summary.ts";
import { tableToRecords } from "../records/table.ts";
import { isFixed, labelOf } from "./contestants.ts";
import { digits } from "./spec.ts";

/** Rows shown before a long table folds. */
const ROWS = 20;
/** Letters of a cell that may take more than one line. */
const WRAP = 40;

type Cells = readonly (readonly string[])[];

/** A table for a cell: comparisons in the columns that matter, others as they are. */
export function tableBundle(table: Table): { readonly "text/html": string; readonly "text/plain": string } {
  const names = new Set(table.schema.fields.map((f) => f.name));
  const cells = Object.keys(SUMMARY_COLUMNS).every((c) => names.has(c))
    ? summaryCells(table)
    : Object.keys(TRIAL_COLUMNS).every((c) => names.has(c))
    ? trialCells(table)
    : cellsOf(table);
  const hidden = table.numRows - (cells.length - 1);
  const more = hidden > 0 ? `… ${hidden} more row${hidden === 1 ? "" : "s"}` : "";
  return {
    "text/html": htmlOf(cells) + (more && `<p>${more}</p>`),
    "text/plain": textOf(cells) + (more && `\n${more}`),
  };
}

type Columns<Row> = Readonly<Record<string, (r: Row) => string>>;

/** The columns of a comparison that matter. */
const SUMMARY: Columns<SummaryRow> = {
  "operator": (r) => r.task.slice(0, r.task.indexOf("(")),
  "contestant": (r) => labelOf(r.contestant),
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
  "contestant": (r) => labelOf(r.contestant),
  "trial": (r) => `${r.trial}`,
  "after s": (r) => r.secondsSinceStart.toFixed(1),
  "status": (r) => r.status,
  "ms": (r) => figure(r.medianMs),
  "GFLOP/s": (r) => figure(r.gflops || NaN),
  "GB/s": (r) => figure(r.gbps),
  "configuration": (r) => configOf(r.config),
};

/** The outcome of a comparison, a row a contestant. The operator is said where there are several. */
export function summaryCells(summary: Table): Cells {
  const rows = summaryRows(summary);
  const one = new Set(rows.map((r) => r.task)).size === 1;
  return filled(SUMMARY, rows, one ? ["operator"] : []);
}

/** Trials, at most `rows` of them. Bytes are said where nothing computes. */
export function trialCells(trials: Table, rows = ROWS): Cells {
  const records = tableToRecords(trials).slice(0, rows);
  return filled(TRIAL, records, records.some((r) => r.gflops > 0) ? ["GB/s"] : []);
}

/** Cells of rows, without the columns `left` out and without a speed that no row has. */
function filled<Row>(columns: Columns<Row>, rows: readonly Row[], left: readonly string[]): Cells {
  const shown = Object.entries(columns).filter(([name, cell]) =>
    !left.includes(name) && (name !== "GFLOP/s" || rows.some((r) => cell(r) !== "–"))
  );
  return [shown.map(([name]) => name), ...rows.map((r) => shown.map(([, cell]) => short(cell(r), 100)))];
}

/** Any table's cells, long texts cut, at most `rows` rows. */
export function cellsOf(table: Table, rows = ROWS): Cells {
  const names = table.schema.fields.map((f) => f.name);
  const body = Array.from({ length: Math.min(rows, table.numRows) }, (_, r) => {
    const row = table.get(r)?.toJSON() as Readonly<Record<string, unknown>>;
    return names.map((n) => short(row[n]));
  });
  return [names.map((n) => short(n)), ...body];
}

/** Cells as text, numbers to the right. */
export function textOf(cells: Cells): string {
  const [head = []] = cells;
  const columns = head.map((_, c) => cells.map((row) => row[c] ?? ""));
  const widths = columns.map((column) => Math.max(...column.map((cell) => cell.length)));
  return cells.map((row) =>
    row.map((cell, c) =>
      isNumeric(columns[c] ?? []) ? cell.padStart(widths[c] ?? 0) : cell.padEnd(widths[c] ?? 0)
    ).join("  ").trimEnd()
  ).join("\n");
}

/** Cells as an HTML table, numbers to the right; whatever they hold is text. */
export function htmlOf(cells: Cells): string {
  const [head = [], ...body] = cells;
  const sides = head.map((_, c) => isNumeric(cells.map((row) => row[c] ?? "")) ? "right" : "left");
  const cell = (tag: string, text: string, c: number) => {
    const wrap = text.length > WRAP ? "" : ";white-space:nowrap";
    return `<${tag} style="text-align:${sides[c]}${wrap}">${escapeHtml(text)}</${tag}>`;
  };
  const row = (tag: string, r: readonly string[]) => `<tr>${r.map((x, c) => cell(tag, x, c)).join("")}</tr>`;
  return `<table>${row("th", head)}${body.map((r) => row("td", r)).join("")}</table>`;
}

/** True for a column of numbers, below its head. */
function isNumeric(column: readonly string[]): boolean {
  return column.slice(1).every((cell) => /^[-+]?[\d.]|^–$/.test(cell));
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
function configOf(json: string): string {
  return json.replace(/\[([\d,]*)\]/g, (_, factors: string) => factors.replaceAll(",", "x"))
    .replace(/["{}]/g, "").replaceAll(":", "=").replaceAll(",", " ");
}

function short(x: unknown, most = 40): string {
  const text = typeof x === "number" ? figure(x) : typeof x === "string" ? x : JSON.stringify(x) ?? `${x}`;
  const shown = printableLine(text.slice(0, most + 1));
  return shown.length > most ? `${shown.slice(0, most - 1)}…` : shown;
}
