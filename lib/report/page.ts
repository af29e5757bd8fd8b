/** Results as one HTML page that needs nothing else: tables, and charts as pictures with their data beside them. */
import type { Table } from "apache-arrow";
import { type Chart, shownWidth } from "./chart.ts";
import { escapeHtml, tableBundle } from "./tables.ts";

export interface Section {
  readonly title: string;
  readonly text?: string;
  readonly parts: readonly (Chart | Table)[];
}

const STYLE =
  `body{font:15px/1.5 system-ui,sans-serif;max-width:960px;margin:2em auto;padding:0 1em;color:#222}
table{border-collapse:collapse;font-size:13px;margin:1em 0}th,td{padding:3px 9px;border-bottom:1px solid #ddd}
img{max-width:100%;height:auto}details{margin:.3em 0 1em;font-size:13px}
pre{background:#f6f6f6;padding:1em;overflow:auto}h2{margin-top:2em}`;

/** The page. Every text in it is escaped; nothing in it is run or fetched. */
export async function pageOf(title: string, intro: string, sections: readonly Section[]): Promise<string> {
  const bodies: string[] = [];
  for (const s of sections) {
    const parts: string[] = [];
    for (const part of s.parts) {
      parts.push("spec" in part ? await figure(part) : tableBundle(part)["text/html"]);
    }
    bodies.push(
      `<h2>${escapeHtml(s.title)}</h2>${s.text ? `<p>${escapeHtml(s.text)}</p>` : ""}${parts.join("\n")}`,
    );
  }
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>` +
    `<meta name="viewport" content="width=device-width,initial-scale=1"><style>${STYLE}</style></head>` +
    `<body><h1>${escapeHtml(title)}</h1><p>${escapeHtml(intro)}</p>${bodies.join("\n")}</body></html>\n`;
}

async function figure(chart: Chart): Promise<string> {
  const png = (await chart.toPNG()).toBase64();
  const spec = escapeHtml(JSON.stringify(chart.spec));
  return `<figure><img alt="${escapeHtml(`${chart}`)}" src="data:image/png;base64,${png}" width="${
    shownWidth(png)
  }"></figure>` +
    `<details><summary>Vega-Lite</summary><pre>${spec}</pre></details>`;
}
