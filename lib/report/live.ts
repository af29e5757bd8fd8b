/** How far a search is, while it runs: in place in a notebook, on one line in a terminal. */
import { base64, Chart } from "./chart.ts";
import type { Spec } from "./charts.ts";
import { drain, jupyter } from "./display.ts";
import { escapeHtml } from "./tables.ts";

export interface Progress {
  readonly task: string;
  readonly contestant: string;
  readonly trials: number;
  readonly failed: number;
  readonly bestGflops?: number;
  readonly bestMs?: number;
  readonly secondsSpent: number;
  readonly secondsTotal?: number;
  readonly trialsTotal?: number;
}

export interface Reporter {
  update(progress: Progress): void | Promise<void>;
  /** Shows the last state; to be awaited before the cell or the program ends. */
  done(): Promise<void>;
}

/** A reporter for where this runs: a notebook, a terminal, or nowhere. */
export function createReporter(kind?: "notebook" | "terminal" | "silent"): Reporter {
  switch (kind ?? (jupyter() ? "notebook" : "terminal")) {
    case "notebook":
      return new NotebookReporter();
    case "terminal":
      return new TerminalReporter();
    case "silent":
      return { update() {}, done: () => Promise.resolve() };
  }
}

/** One line that says it all. */
export function lineOf(p: Progress): string {
  const best = p.bestGflops
    ? `best ${p.bestGflops.toPrecision(3)} GFLOP/s`
    : p.bestMs
    ? `best ${p.bestMs.toPrecision(3)} ms`
    : "none yet";
  const spent = `${p.secondsSpent.toFixed(0)}${
    p.secondsTotal === undefined ? "" : ` of ${p.secondsTotal}`
  } s`;
  const trials = `${p.trials}${p.trialsTotal === undefined ? "" : ` of ${p.trialsTotal}`} trials`;
  return `${p.task}, ${p.contestant}: ${trials} (${p.failed} failed), ${spent}, ${best}`;
}

function shareOf(p: Progress): number {
  const shares = [
    p.secondsTotal && p.secondsSpent / p.secondsTotal,
    p.trialsTotal && p.trials / p.trialsTotal,
  ];
  return Math.min(1, Math.max(0, ...shares.map((s) => s ?? 0)));
}

/** Rewrites its line where the terminal can; else prints a line every few seconds. */
class TerminalReporter implements Reporter {
  #last = -Infinity;
  #contestant = "";
  #line = "";

  update(p: Progress): void {
    const terminal = Deno.stderr.isTerminal();
    const now = performance.now();
    const other = p.contestant !== this.#contestant;
    if (terminal) {
      const bar = "█".repeat(Math.round(shareOf(p) * 20)).padEnd(20, "░");
      const end = other && this.#line ? "\n" : "";
      this.#write(`${end}\r\x1b[2K${bar} ${lineOf(p)}`);
    } else if (now - this.#last > 5000 || other) {
      this.#write(`${lineOf(p)}\n`);
      this.#last = now;
    }
    this.#contestant = p.contestant;
    this.#line = lineOf(p);
  }

  done(): Promise<void> {
    if (Deno.stderr.isTerminal()) this.#write("\n");
    return Promise.resolve();
  }

  #write(text: string): void {
    Deno.stderr.writeSync(new TextEncoder().encode(text));
  }
}

/** Milliseconds between two redraws: of the bar, and of the chart below it. */
const BAR_MS = 500;
const CHART_MS = 3000;

/** A bar and a chart that change in place. */
class NotebookReporter implements Reporter {
  readonly #id = `tunebook-${crypto.randomUUID()}`;
  readonly #points: { readonly who: string; readonly x: number; readonly y: number }[] = [];
  #last: Progress | undefined;
  #barAt = -Infinity;
  #chartAt = -Infinity;
  #shown = new Set<string>();

  async update(p: Progress): Promise<void> {
    this.#last = p;
    const y = p.bestGflops ?? 0;
    if (y > 0) this.#points.push({ who: p.contestant, x: p.secondsSpent, y });
    const now = performance.now();
    if (now - this.#barAt < BAR_MS) return;
    this.#barAt = now;
    await this.#bar(p);
    if (now - this.#chartAt < CHART_MS || this.#points.length < 2) return;
    this.#chartAt = now;
    await this.#chart();
  }

  async done(): Promise<void> {
    if (this.#last) await this.#bar(this.#last);
    if (this.#points.length > 1) await this.#chart();
    await drain();
  }

  #bar(p: Progress): Promise<void> {
    const text = lineOf(p);
    const width = Math.round(shareOf(p) * 100);
    const html =
      `<div style="font:13px sans-serif"><div style="background:#e6e6e6;width:420px;height:10px;border-radius:5px">` +
      `<div style="background:#0072B2;width:${width}%;height:10px;border-radius:5px"></div></div>${
        escapeHtml(text)
      }</div>`;
    return this.#show(`${this.#id}-bar`, { "text/html": html, "text/plain": text });
  }

  async #chart(): Promise<void> {
    const chart = new Chart(liveSpec(this.#points));
    const png = base64(await chart.toPNG());
    await this.#show(`${this.#id}-chart`, {
      "application/vnd.vegalite.v5+json": chart.spec,
      "image/png": png,
      "text/plain": "",
    });
  }

  async #show(id: string, bundle: unknown): Promise<void> {
    const update = this.#shown.has(id);
    this.#shown.add(id);
    await jupyter()?.display(bundle, { raw: true, display_id: id, update });
  }
}

function liveSpec(values: readonly unknown[]): Spec {
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v5.json",
    width: 420,
    height: 140,
    data: { values },
    mark: { type: "line", interpolate: "step-after", strokeWidth: 2 },
    encoding: {
      x: { field: "x", type: "quantitative", title: "seconds of search" },
      y: { field: "y", type: "quantitative", title: "best, GFLOP/s" },
      color: {
        field: "who",
        type: "nominal",
        title: null,
        scale: { range: ["#E69F00", "#009E73", "#0072B2", "#CC79A7"] },
      },
    },
    config: { font: "Roboto, sans-serif", view: { stroke: null } },
  };
}
