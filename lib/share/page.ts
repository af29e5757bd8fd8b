/** Writes results as one self-contained HTML page: tables, and charts as pictures with their data. */
import type { Table } from "npm:apache-arrow@21.2.0";
import { printable, printableLine } from "../base/printable.ts";
import type { Chart } from "../charts/chart.ts";
import { CHARTS, chartScript, liveSpec } from "./live_charts.ts";
import { type PageScripts, scriptOf, UNPACK } from "./script.ts";
import { escapeHtml, tableBundle } from "../notebook/tables.ts";

/** A section of a page. */
export interface Section {
  /** The heading, plain text. */
  readonly title: string;
  /** A paragraph below the heading, plain text. */
  readonly text?: string;
  /** Charts and tables, in order. */
  readonly parts: readonly (Chart | Table)[];
}

/** The parts of a page beside its sections. */
export interface PageOptions {
  /** Draws the charts in the reader's browser too, with tooltips. Without scripts they are pictures. Default false. */
  readonly interactive?: boolean;
  /** HTML after the sections, with all texts already escaped. Default: none. */
  readonly foot?: string;
  /** Scripts of the foot. Default: none. */
  readonly own?: PageScripts;
}

const STYLE =
  `body{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:2em auto;padding:0 1em;color:#222}
p{max-width:50em}
table{border-collapse:collapse;font-size:13px;margin:1em 0;display:block;overflow-x:auto}th,td{padding:3px 7px;border-bottom:1px solid #ddd}
img{max-width:100%;height:auto}details{margin:.3em 0 1em;font-size:13px}figure{margin:1em 0}
pre{background:#f6f6f6;padding:1em;overflow:auto}h2{margin-top:2em}`;

/** Hides the pictures of interactive charts, except in print. */
const LIVE_STYLE = `
figure.chart{overflow-x:auto}figure.live img{display:none}
#tip{display:none;position:absolute;background:#fff;border:1px solid #bbb;border-radius:4px;padding:4px 8px;
font-size:12px;white-space:pre;pointer-events:none;box-shadow:0 1px 4px #0003}
@media print{figure.chart div,#tip{display:none!important}figure.live img{display:inline}}`;

/**
 * Writes the page. Every text in it is escaped. Its policy forbids requests, and all scripts except those that draw the
 * charts.
 */
export async function pageOf(
  title: string,
  intro: string,
  sections: readonly Section[],
  { interactive = false, foot = "", own }: PageOptions = {},
): Promise<string> {
  const bodies: string[] = [];
  for (const s of sections) {
    const parts: string[] = [];
    for (const part of s.parts) {
      parts.push("spec" in part ? await figure(part, interactive) : tableBundle(part)["text/html"]);
    }
    bodies.push(
      `<h2>${escapeHtml(s.title)}</h2>${s.text ? `<p>${escapeHtml(s.text)}</p>` : ""}${parts.join("\n")}`,
    );
  }
  const { scripts, packed } = await scriptsOf(interactive, own);
  const allowed = [...scripts, ...packed].map((s) => `'${s.hash}'`).join(" ") || "'none'";
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>` +
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src ${allowed}; ` +
    `style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'">` +
    `<meta name="viewport" content="width=device-width,initial-scale=1"><style>${STYLE}${
      interactive ? LIVE_STYLE : ""
    }</style></head>` +
    `<body><h1>${escapeHtml(title)}</h1><p>${escapeHtml(intro)}</p>${bodies.join("\n")}${foot}` +
    `${packed.map((s) => `<script type="text/plain" id="${s.id}">${s.gzip}</script>`).join("\n")}\n` +
    `${scripts.map((s) => `<script>${s.text}</script>`).join("\n")}</body></html>\n`;
}

/** The scripts of a page: what unpacks comes first. */
async function scriptsOf(interactive: boolean, own: PageScripts | undefined): Promise<PageScripts> {
  const charts = interactive ? [await chartScript()] : [];
  const draw = interactive ? [`tunebookUnpack("${CHARTS}").catch(console.error);`] : [];
  const unpack = interactive || own ? [UNPACK] : [];
  return {
    scripts: [...await Promise.all([...unpack, ...draw].map(scriptOf)), ...own?.scripts ?? []],
    packed: [...charts, ...own?.packed ?? []],
  };
}

async function figure(chart: Chart, interactive: boolean): Promise<string> {
  const svg = await chart.toSVG();
  const [, width = ""] = /^<svg[^>]* width="([\d.]+)"/.exec(svg) ?? [];
  const picture = `<img alt="${escapeHtml(printableLine(`${chart}`))}" src="data:image/svg+xml;base64,${
    new TextEncoder().encode(svg).toBase64()
  }" width="${Math.round(Number(width))}">`;
  const live = interactive ? `<div></div>${dataScript(await liveSpec(chart.spec))}` : "";
  const spec = escapeHtml(printable(JSON.stringify(chart.spec)));
  return `<figure${interactive ? ' class="chart"' : ""}>${live}${picture}</figure>` +
    `<details><summary>Vega-Lite</summary><pre>${spec}</pre></details>`;
}

/** Embeds JSON data in a page. It escapes every text that could end the element or act as a control character. */
export function dataScript(data: unknown, id?: string): string {
  const text = printable(JSON.stringify(data)).replaceAll("<", "\\u003c");
  return `<script type="application/json"${id === undefined ? "" : ` id="${id}"`}>${text}</script>`;
}
