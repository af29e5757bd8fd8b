/** Shows the progress of a search: one output that changes in a notebook, one line in a terminal. */
import { checkArgument } from "../base/check_options.ts";
import { oneOf } from "../base/option_kinds.ts";
import { printableLine } from "../base/printable.ts";
import type { Failure } from "../measure/measurement.ts";
import { isFixed, labelOf } from "../charts/methods.ts";
import { type Curve, curvesSpec, type Point } from "../charts/curves.ts";
import { drain, jupyter, show } from "./jupyter.ts";
import { loadDrawing, svgOf } from "../charts/picture.ts";
import { digits } from "../charts/spec.ts";
import { escapeHtml } from "./tables.ts";
import type { Progress, Reporter } from "../tuning/reporter.ts";

const REPORTERS = oneOf("notebook", "terminal", "silent");

/**
 * Creates a reporter. Default: `notebook` in a notebook, else `terminal`; `silent` shows nothing.
 *
 * @throws {OptionError} for an argument of a wrong kind
 */
export function createReporter(kind?: "notebook" | "terminal" | "silent"): Reporter {
  if (kind !== undefined) checkArgument("createReporter", "kind", kind, REPORTERS);
  switch (kind ?? (jupyter() ? "notebook" : "terminal")) {
    case "notebook":
      return new NotebookReporter();
    case "terminal":
      return new TerminalReporter();
    case "silent":
      return { update() {}, done: () => Promise.resolve() };
  }
}

/** Writes the progress in one line. */
export function lineOf(p: Progress): string {
  const speed = speedOf(p);
  const best = speed
    ? `best ${digits(speed.y)} ${speed.unit}`
    : p.bestMs
    ? `best ${digits(p.bestMs)} ms`
    : "none yet";
  const of = (total: number | undefined) => total === undefined ? "" : ` of ${total}`;
  const trials = `${p.trials}${of(p.trialsTotal)} trial${p.trials === 1 && !p.trialsTotal ? "" : "s"}`;
  const spent = `${p.secondsSpent.toFixed(0)} s`;
  const place = p.place ? `${p.place[0]} of ${p.place[1]}, ` : "";
  const subject = `${place}${printableLine(p.task, 200)}, ${labelOf(p.method)}`;
  return `${subject}: ${trials}${failedOf(p)}, ${spent}${leftOf(p)}, ${best}${stageOf(p)}`;
}

/** The words for each kind of failure, after a count. */
const FAILURES: Readonly<Record<Failure, string>> = {
  instantiate: "refused by the template",
  verify: "beyond a limit of the device",
  lower: "not lowered",
  compile: "not compiled",
  run: "not run",
  wrongAnswer: "with wrong results",
  timeout: "too slow to wait for",
  outOfMemory: "out of memory",
  deviceLost: "lost with the device",
};

function failedOf({ failed, failures = {} }: Progress): string {
  if (failed === 0) return "";
  const kinds = Object.entries(FAILURES).flatMap(([kind, words]) => {
    const n = failures[kind as Failure];
    return n ? [`${n} ${words}`] : [];
  });
  return ` (${failed} failed${kinds.length > 0 ? `: ${kinds.join(", ")}` : ""})`;
}

/** Estimates the time to the first limit, if later trials take as long as the earlier ones. */
function leftOf(p: Progress): string {
  const bySeconds = (p.secondsTotal ?? Infinity) - p.secondsSpent;
  const byTrials = p.trials > 0
    ? ((p.trialsTotal ?? Infinity) - p.trials) * p.secondsSpent / p.trials
    : Infinity;
  const left = Math.max(0, Math.min(bySeconds, byTrials));
  if (p.stage || left === Infinity) return "";
  const about = byTrials < bySeconds ? "about " : "";
  const whole = p.whole ? p.whole.total - p.whole.spent : left;
  // Of a single search, and of the last one, the whole is its own time.
  const all = whole - left > 1 ? ` (${timeText(whole)} in all)` : "";
  return `, ${about}${timeText(left)} left${all}`;
}

function timeText(seconds: number): string {
  return seconds < 90 ? `${seconds.toFixed(0)} s` : `${(seconds / 60).toFixed(0)} min`;
}

function stageOf({ stage }: Progress): string {
  switch (stage) {
    case undefined:
    case "done":
      return "";
    case "starting":
      return "; starting the process that measures";
    case "confirming":
      return "; measuring the best again, interleaved";
    case "stopping":
      return "; stopping: measuring the best once more (■ again skips it)";
    case "stopped":
      return "; stopped";
    default:
      return stage satisfies never;
  }
}

function speedOf(p: Progress): { readonly y: number; readonly unit: string } | undefined {
  if (p.bestGflops) return { y: p.bestGflops, unit: "GFLOP/s" };
  return p.bestGbps ? { y: p.bestGbps, unit: "GB/s" } : undefined;
}

function shareOf(p: Progress): number {
  if (p.whole) return Math.min(1, p.whole.spent / p.whole.total);
  const shares = [
    p.secondsTotal && p.secondsSpent / p.secondsTotal,
    p.trialsTotal && p.trials / p.trialsTotal,
  ];
  return Math.min(1, Math.max(0, ...shares.map((s) => s ?? 0)));
}

/** Rewrites one line on a terminal. Otherwise it prints a line every few seconds, and the last line of each method. */
class TerminalReporter implements Reporter {
  #printedAt = -Infinity;
  #last: Progress | undefined;
  /** True if the last progress is not printed yet, or its line has no newline yet. */
  #pending = false;

  update(p: Progress): void {
    if (this.#last && this.#last.method !== p.method) this.#close();
    this.#last = p;
    this.#pending = true;
    if (Deno.stderr.isTerminal()) {
      const bar = "█".repeat(Math.round(shareOf(p) * 20)).padEnd(20, "░");
      this.#write(`\r\x1b[2K${bar} ${lineOf(p)}`);
    } else if (performance.now() - this.#printedAt > 5000) {
      this.#print(p);
    }
  }

  done(): Promise<void> {
    this.#close();
    this.#last = undefined;
    return Promise.resolve();
  }

  #close(): void {
    if (!this.#pending || !this.#last) return;
    if (Deno.stderr.isTerminal()) this.#write("\n");
    else this.#print(this.#last);
    this.#pending = false;
  }

  #print(p: Progress): void {
    this.#write(`${lineOf(p)}\n`);
    this.#printedAt = performance.now();
    this.#pending = false;
  }

  #write(text: string): void {
    Deno.stderr.writeSync(new TextEncoder().encode(text));
  }
}

/** Milliseconds between two redraws of the bar, and of the chart below it. */
const BAR_MS = 500;
const CHART_MS = 2000;
/** Time between two charts, in drawing times: drawing takes a small share of the search's time. */
const PATIENCE = 25;

/** The progress of one method so far. */
interface Way {
  readonly points: Point[];
  readonly failed: { readonly x: number; readonly status: string }[];
  last: Progress;
}

/**
 * Shows one output that changes in place: a bar and a chart while the search runs, at the end one line for each search.
 * The charts of the result show the rest.
 */
class NotebookReporter implements Reporter {
  #id = newId();
  #ways = new Map<string, Way>();
  /** Earliest times of the next redraw, milliseconds. */
  #barAt = 0;
  #chartAt = 0;
  #picture = "";
  #shown = false;

  async update(p: Progress): Promise<void> {
    const before = this.#ways.get(p.method);
    const way = before ?? { points: [], failed: [], last: p };
    if (p.failed > (before?.last.failed ?? 0)) way.failed.push({ x: p.secondsSpent, status: "failed" });
    way.last = p;
    this.#ways.set(p.method, way);
    const speed = speedOf(p);
    if (speed) way.points.push({ x: p.secondsSpent, y: speed.y });
    // A new stage is shown at once.
    if (performance.now() < this.#barAt && !p.stage) return;
    // Before the search begins there is no chart to draw yet, and time to load the drawing libraries.
    if (isFixed(p.method) && p.stage !== "starting") await loadDrawing();
    else if (speed && performance.now() >= this.#chartAt) await this.#draw(speed.unit);
    await this.#show(barOf(p) + this.#picture, lineOf(p));
    this.#barAt = performance.now() + BAR_MS;
  }

  async done(): Promise<void> {
    const all = [...this.#ways.values()].map((w) => w.last);
    const searches = all.filter((p) => !isFixed(p.method));
    const lines = (searches.length > 0 ? searches : all).map((p) => lineOf(over(p)));
    if (lines.length > 0) {
      await this.#show(textDiv(lines.map(escapeHtml).join("<br>")), lines.join("\n"));
      await drain();
    }
    this.#id = newId();
    this.#ways = new Map();
    this.#barAt = this.#chartAt = 0;
    this.#picture = "";
    this.#shown = false;
  }

  async #draw(unit: string): Promise<void> {
    const begin = performance.now();
    const svg = await svgOf(liveSpec(this.#ways, unit));
    const data = new TextEncoder().encode(svg).toBase64();
    this.#picture = `<img alt="best so far" src="data:image/svg+xml;base64,${data}">`;
    const end = performance.now();
    this.#chartAt = end + Math.max(CHART_MS, PATIENCE * (end - begin));
  }

  async #show(html: string, text: string): Promise<void> {
    const update = this.#shown;
    this.#shown = true;
    await show({ "text/html": html, "text/plain": text }, { id: this.#id, update });
  }
}

/** The progress of a search that has ended. */
function over(p: Progress): Progress {
  return p.stage === "stopped" ? p : { ...p, stage: "done" };
}

function newId(): string {
  return `tunebook-${crypto.randomUUID()}`;
}

function textDiv(html: string): string {
  return `<div style="font:13px sans-serif;opacity:.8">${html}</div>`;
}

function barOf(p: Progress): string {
  const width = Math.round(shareOf(p) * 100);
  const bar = (style: string, inner: string) =>
    `<div style="height:10px;border-radius:5px;${style}">${inner}</div>`;
  return bar("width:420px;background:#e6e6e6", bar(`width:${width}%;background:#0072B2`, "")) +
    textDiv(escapeHtml(lineOf(p)));
}

function liveSpec(ways: ReadonlyMap<string, Way>, unit: string) {
  const curves = [...ways].map(([method, { points, failed }]): Curve => ({ method, points, failed }));
  const ends = [...ways.values()].map((w) => Math.max(w.last.secondsTotal ?? 0, w.last.secondsSpent));
  return curvesSpec(curves, {
    unit,
    xTitle: "seconds of search",
    end: Math.max(1, ...ends),
    width: 360,
    height: 150,
    dots: false,
  });
}
