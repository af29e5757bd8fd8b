/** A shared result as one HTML page, for people and for programs; and what is for programs, out of such a page. */
import type { Table } from "apache-arrow";
import { printable, printableLine } from "../ir/printable.ts";
import { RecordError } from "../records/error.ts";
import type { Manifest } from "../records/manifest.ts";
import type { SharedSubject } from "../records/shared.ts";
import type { Chart } from "./chart.ts";
import { labelOf } from "./contestants.ts";
import { dataScript, pageOf } from "./page.ts";
import { escapeHtml, htmlOf } from "./tables.ts";

const MANIFEST = "tunebook-manifest";
const TRIALS = "tunebook-trials";
/** How Arrow's stream format is called (IANA's list of media types). */
const TRIALS_URL = "data:application/vnd.apache.arrow.stream;base64,";

/** The page: charts and tables, then how to run it again, the schedules, the device, and the data. */
export async function sharedPage(
  manifest: Manifest,
  subjects: readonly SharedSubject[],
  sections: readonly {
    readonly title: string;
    readonly text?: string;
    readonly parts: readonly (Chart | Table)[];
  }[],
  trials: Uint8Array,
): Promise<string> {
  const { title, device, time, tasks } = manifest;
  const seeds = [...new Set(tasks.map((t) => t.seed))];
  const intro =
    `Measured on ${device.name} with ${device.runtime}, seed${seeds.length > 1 ? "s" : ""} ${
      seeds.join(", ")
    }; ` +
    `shared ${
      time.slice(0, 10)
    }. Every candidate's results were checked against a reference; the bars are medians of ` +
    `interleaved rounds with their 95% confidence intervals. The charts tell more where they are pointed at.`;
  const foot = [
    RERUN,
    "<h2>The schedules</h2>",
    ...subjects.map(schedulesOf),
    "<h2>The device and the programs</h2>",
    htmlOf(deviceCells(manifest)),
    "<h2>The data</h2>",
    `<p><a id="${TRIALS}" download="trials.arrows" href="${TRIALS_URL}${trials.toBase64()}">trials.arrows</a>: every ` +
    `trial with all its samples, as an Arrow stream, which any Arrow reader opens. What the page says is also in it ` +
    `as JSON: the element ${MANIFEST}.</p>`,
    dataScript(manifest, MANIFEST),
  ].join("\n");
  return await pageOf(printableLine(title), printableLine(intro), sections.map(shown), {
    interactive: true,
    foot,
  });
}

function shown<T extends { readonly title: string; readonly text?: string }>(section: T): T {
  const { title, text } = section;
  return {
    ...section,
    title: printableLine(title),
    ...(text === undefined ? {} : { text: printableLine(text) }),
  };
}

const COMMAND = "npx --yes deno@2.9.6 task rerun /path/to/this.html";
const CELL = `import { Device, display, Shared } from "tunebook";

const shared = await Shared.open("/path/to/this.html");
const device = await Device.open();
const again = await shared.rerun(device);
await display(again.table, again.chart);`;

const RERUN = `<h2>On your device</h2>
<p>Save this page. In a checkout of Tunebook, with nothing but Node, this measures the schedules below on your device, in
turn with the preset that DLight has for it, and shows both devices side by side:</p>
<pre>${escapeHtml(COMMAND)}</pre>
<p>The same in a notebook of Tunebook's:</p>
<pre>${escapeHtml(CELL)}</pre>
<p>Nothing of the page is run by that: programs and schedules are data, checked field by field, rebuilt by Tunebook's own
steps and held against the limits of your device; results are checked against the reference.</p>`;

function schedulesOf({ func, task, results }: SharedSubject): string {
  const schedules = results.flatMap(({ result, known }) =>
    known ? [folded(`${labelOf(result.contestant)}: ${result.rule}`, `${known.trace}`)] : []
  );
  const budget = Object.entries(task.budget).map(([name, limit]) => `${limit} ${name}`).join(", ");
  return `<h3>${escapeHtml(printableLine(func.name))}</h3>` +
    `<p>Seed ${task.seed}${budget && `, budget of a search: ${escapeHtml(printableLine(budget))}`}.</p>` +
    folded("The program", `${func}`) + schedules.join("");
}

/** A text of many lines under one. */
function folded(title: string, text: string): string {
  return `<details><summary>${escapeHtml(printableLine(title))}</summary><pre>${
    escapeHtml(printable(text))
  }</pre></details>`;
}

function deviceCells({ device, versions }: Manifest): readonly (readonly string[])[] {
  const { limits, peaks, ...rest } = device;
  const entries = [
    ...Object.entries(rest),
    ...Object.entries(peaks ?? {}).map(([name, value]) => [`measured peak: ${name}`, value]),
    ...Object.entries(limits).map(([name, value]) => [`limit: ${name}`, value]),
    ...Object.entries(versions).map(([name, value]) => [`version: ${name}`, value]),
  ];
  return [["what", "which"], ...entries.map((row) => row.map((x) => printableLine(`${x}`, 200)))];
}

/**
 * The manifest's text and the trials' bytes of a page; nothing else of it is read.
 *
 * @param path of whose it is, for the error
 * @throws {RecordError} where it is no such page
 */
export function partsOf(
  path: string,
  page: string,
): { readonly manifest: string; readonly trials: Uint8Array } {
  const manifest = between(page, `<script type="application/json" id="${MANIFEST}">`, "</script>");
  const trials = between(page, `<a id="${TRIALS}" download="trials.arrows" href="${TRIALS_URL}`, '"');
  if (manifest === undefined || trials === undefined) {
    throw new RecordError(
      `cannot open ${path}: it is no page that share has written; a page that was saved from a browser may lack its ` +
        `data: ask for the file itself`,
    );
  }
  try {
    return { manifest, trials: Uint8Array.fromBase64(trials) };
  } catch (e) {
    if (!(e instanceof SyntaxError)) throw e;
    throw new RecordError(`cannot open ${path}: its trials are no base64; ask for the file itself`);
  }
}

function between(text: string, begin: string, end: string): string | undefined {
  const from = text.indexOf(begin);
  const to = from < 0 ? -1 : text.indexOf(end, from + begin.length);
  return to < 0 ? undefined : text.slice(from + begin.length, to);
}
