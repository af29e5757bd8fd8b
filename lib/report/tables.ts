/** Arrow tables for people: aligned text for terminals, HTML for notebooks. */
import type { Table } from "apache-arrow";
import { type SummaryRow, summaryRows } from "../records/summary.ts";

/** Rows shown before a long table folds. */
const ROWS = 20;

type Cells = readonly (readonly string[])[];

/** The outcome of a comparison in the columns that matter, best first. */
export function summaryCells(summary: Table): Cells {
  const head = [
    "operator",
    "contestant",
    "rule",
    "ms",
    "quartiles",
    "GFLOP/s",
    "GB/s",
    "× Fallback",
    "× DLight",
    "trials",
    "failed",
    "search s",
  ];
  const cell = (r: SummaryRow) => [
    r.task.slice(0, r.task.indexOf("(")),
    r.contestant,
    r.rule,
    figure(r.medianMs),
    `${figure(r.lowMs)}–${figure(r.highMs)}`,
    figure(r.gflops),
    figure(r.gbps),
    figure(r.speedupVsFallback),
    figure(r.speedupVsDlight),
    `${r.trials}`,
    `${r.failed}`,
    r.seconds.toFixed(1),
  ];
  return [head, ...summaryRows(summary).map(cell)];
}

/** Any table's cells, long texts cut, at most `rows` rows. */
export function cellsOf(table: Table, rows = ROWS): Cells {
  const names = table.schema.fields.map((f) => f.name);
  const body = Array.from({ length: Math.min(rows, table.numRows) }, (_, r) => {
    const row = table.get(r)?.toJSON() as Readonly<Record<string, unknown>>;
    return names.map((n) => short(row[n]));
  });
  return [names, ...body];
}

/** Cells as text, numbers to the right. */
export function textOf(cells: Cells): string {
  const widths = (cells[0] ?? []).map((_, c) => Math.max(...cells.map((row) => (row[c] ?? "").length)));
  return cells.map((row) =>
    row.map((cell, c) => {
      const width = widths[c] ?? 0;
      return /^[-+]?[\d.]/.test(cell) ? cell.padStart(width) : cell.padEnd(width);
    }).join("  ").trimEnd()
  ).join("\n");
}

/** Cells as an HTML table; whatever they hold is text. */
export function htmlOf(cells: Cells): string {
  const row = (tag: string, r: readonly string[]) =>
    `<tr>${r.map((c) => `<${tag}>${escapeHtml(c)}</${tag}>`).join("")}</tr>`;
  const [head = [], ...body] = cells;
  return `<table>${row("th", head)}${body.map((r) => row("td", r)).join("")}</table>`;
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

/** Three significant digits. */
function figure(x: number): string {
  if (!Number.isFinite(x)) return "–";
  return x >= 1000 ? x.toFixed(0) : x.toPrecision(3);
}

function short(x: unknown): string {
  const text = typeof x === "number" ? figure(x) : typeof x === "string" ? x : JSON.stringify(x) ?? `${x}`;
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
