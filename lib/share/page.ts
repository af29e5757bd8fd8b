/** Writes results as one self-contained HTML page: tables, and charts as pictures with their data. */
import type { Table } from "npm:apache-arrow@21.2.0";
import { printable, printableLine } from "../base/printable.ts";
import type { Chart } from "../charts/chart.ts";
import { CHARTS, chartScript, liveSpec } from "./live_charts.ts";
import { type PageScripts, scriptOf, UNPACK } from "./script.ts";
import { escapeHtml, escapeText, tableBundle } from "../notebook/tables.ts";
import { LIVE_STYLE, STYLE } from "./page_style.ts";
import { PAGE_TOOLS } from "./page_tools.ts";
import { smallSvg } from "./small_svg.ts";

/** A section of a page. */
export interface Section {
  /** The heading, plain text. */
  readonly title: string;
  /** A paragraph below the heading, plain text. */
  readonly text?: string;
  /** Charts and tables, in order. */
  readonly parts: readonly (Chart | Table)[];
}

/** A section that is written already. */
export interface WrittenSection {
  /** The heading, plain text. */
  readonly title: string;
  /** HTML below the heading. */
  readonly html: string;
  /** The id of its element. Default: its number. */
  readonly id?: string;
}

/** The parts of a page beside its sections. */
export interface PageOptions {
  /** What the page says, in a sentence: its first line, and its text where the page is linked. Default: none. */
  readonly finding?: string;
  /** Sections after the others, whose HTML has all texts already escaped. Default: none. */
  readonly more?: readonly WrittenSection[];
  /** Draws the charts in the reader's browser too, with tooltips. Without scripts they are pictures. Default false. */
  readonly interactive?: boolean;
  /** HTML after all sections, which no reader sees. Default: none. */
  readonly foot?: string;
  /** Scripts of `more` and `foot`. Default: none. */
  readonly own?: PageScripts;
}

/**
 * Writes the page. Every text in it is escaped. Its policy forbids requests, and all scripts except those that draw the
 * charts.
 */
export async function pageOf(
  title: string,
  intro: string,
  sections: readonly Section[],
  { interactive = false, finding = "", more = [], foot = "", own }: PageOptions = {},
): Promise<string> {
  const written: WrittenSection[] = [];
  for (const { title, text, parts } of sections) {
    const html: string[] = text ? [`<p>${escapeHtml(text)}</p>`] : [];
    for (const part of parts) {
      html.push("spec" in part ? await figure(part, interactive) : tableOf(part, title));
    }
    written.push({ title, html: html.join("\n") });
  }
  const all = [...written, ...more].map((s, k) => ({ id: `section-${k + 1}`, ...s }));
  const { scripts, packed } = await scriptsOf(interactive, own);
  const allowed = [...scripts, ...packed].map((s) => `'${s.hash}'`).join(" ") || "'none'";
  const links = all.map((s) => `<li><a href="#${s.id}">${escapeHtml(s.title)}</a></li>`).join("");
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>` +
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src ${allowed}; ` +
    `style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'">` +
    `<meta name="viewport" content="width=device-width,initial-scale=1">${preview(title, finding || intro)}` +
    `<style>${STYLE}${interactive ? LIVE_STYLE : ""}</style></head>\n` +
    `<body><header><h1>${escapeHtml(title)}</h1>${
      finding && `<p class="finding">${escapeHtml(finding)}</p>`
    }<p class="about">${escapeHtml(intro)}</p>${
      all.length > 2 ? `<nav aria-label="Contents"><ul>${links}</ul></nav>` : ""
    }</header>\n<main>${
      all.map((s) => `<section id="${s.id}"><h2>${escapeHtml(s.title)}</h2>${s.html}</section>`).join("\n")
    }</main>${foot}` +
    `${packed.map((s) => `<script type="text/plain" id="${s.id}">${s.gzip}</script>`).join("\n")}\n` +
    `${scripts.map((s) => `<script>${s.text}</script>`).join("\n")}</body></html>\n`;
}

/** What a program shows that links to the page. */
function preview(title: string, text: string): string {
  const about = escapeHtml(text);
  return `<meta name="description" content="${about}"><meta property="og:type" content="article">` +
    `<meta property="og:title" content="${
      escapeHtml(title)
    }"><meta property="og:description" content="${about}">`;
}

function tableOf(table: Table, title: string): string {
  const name = `${title}: every method`, caption = `<table><caption>${escapeHtml(name)}</caption>`;
  return wide(name, tableBundle(table)["text/html"].replace("<table>", caption));
}

/** A named part that scrolls by itself where it is wider than the page, with the keyboard, too. */
export function wide(name: string, html: string): string {
  return `<div class="wide" tabindex="0" role="region" aria-label="${escapeHtml(name)}">${html}</div>`;
}

/** The scripts of a page: what unpacks comes first. */
async function scriptsOf(interactive: boolean, own: PageScripts | undefined): Promise<PageScripts> {
  const charts = interactive ? [await chartScript()] : [];
  const draw = interactive ? [PAGE_TOOLS, `tunebookUnpack("${CHARTS}").catch(console.error);`] : [];
  const unpack = interactive || own ? [UNPACK] : [];
  return {
    scripts: [...await Promise.all([...unpack, ...draw].map(scriptOf)), ...own?.scripts ?? []],
    packed: [...charts, ...own?.packed ?? []],
  };
}

async function figure(chart: Chart, interactive: boolean): Promise<string> {
  const svg = smallSvg(await chart.toSVG());
  const [, width = ""] = /^<svg[^>]* width="([\d.]+)"/.exec(svg) ?? [];
  const about = escapeHtml(printableLine(chart.description, 1000));
  const picture = `<img alt="${about}" src="data:image/svg+xml;base64,${
    new TextEncoder().encode(svg).toBase64()
  }" width="${Math.round(Number(width))}">`;
  const live = interactive ? `<div></div>${dataScript(await liveSpec(chart.spec))}` : "";
  const spec = escapeText(printable(JSON.stringify(chart.spec)));
  const reach = interactive ? ` class="chart" tabindex="0" role="group" aria-label="${about}"` : "";
  return `<figure${reach}>${live}${picture}</figure>` +
    `<details><summary>Vega-Lite</summary><pre>${spec}</pre></details>`;
}

/** Embeds JSON data in a page. It escapes every text that could end the element or act as a control character. */
export function dataScript(data: unknown, id?: string): string {
  const text = printable(JSON.stringify(data)).replaceAll("<", "\\u003c");
  return `<script type="application/json"${id === undefined ? "" : ` id="${id}"`}>${text}</script>`;
}
