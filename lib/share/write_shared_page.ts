/** Writes a shared result as one HTML page for readers and programs. */
import { gzipSync } from "node:zlib";
import { printable, printableLine } from "../base/printable.ts";
import type { Manifest } from "../records/manifest.ts";
import type { SharedWorkload } from "../records/shared.ts";
import { labelOf } from "../charts/methods.ts";
import { findingOf } from "../charts/verdict.ts";
import { TunebookError } from "../base/error.ts";
import { compile } from "../codegen/compile.ts";
import type { PrimFunc } from "../ir/func.ts";
import { outcomesOf } from "../records/shared.ts";
import { replay, type Trace } from "../schedule/trace.ts";
import type { Target } from "../target/target.ts";
import { HERE, MANIFEST, TRIALS, TRIALS_FILE, TRIALS_URL } from "../browser/page_parts.ts";
import { dataScript, pageOf, type Section, wide, type WrittenSection } from "./page.ts";
import { HERE_SECTION, hereScripts } from "./here_section.ts";
import { digits } from "../charts/spec.ts";
import { sourceOf } from "../notebook/source.ts";
import { escapeHtml, escapeText, htmlOf } from "../notebook/tables.ts";

/** Writes the page: charts and tables, then how to run it again, the schedules, the device, and the data. */
export async function writeSharedPage(
  manifest: Manifest,
  workloads: readonly SharedWorkload[],
  sections: readonly Section[],
  trials: Uint8Array,
): Promise<string> {
  const { title, device, time, tasks } = manifest;
  const won = tasks.flatMap((t) => t.results.flatMap((r) => r.won ?? []));
  const unconfirmed = won.every((w) => w.confirmed) ? "" : ", or, without an interval, a trial of the search";
  const seeds = [...new Set(tasks.map((t) => t.seed))].join(", ");
  const intro =
    `Measured on ${device.name} with ${device.runtime}, seed ${seeds}; shared ${time.slice(0, 10)}. ` +
    "Every candidate's results were checked against a reference. The bars are medians of interleaved rounds with " +
    `their 95% confidence intervals within one confirmation${unconfirmed}. Point at a mark of a chart to see its values.`;
  const packed = gzipSync(trials, { level: 9 }).toString("base64");
  const more: readonly WrittenSection[] = [
    { id: HERE, title: "Measure on this device", html: HERE_SECTION },
    { title: "Measure it again with Deno", html: RERUN },
    { title: "The schedules and kernels", html: workloads.map((w) => schedulesOf(w, device)).join("\n") },
    { title: "The device and the programs", html: deviceOf(manifest) },
    {
      title: "The data",
      html:
        `<p><a id="${TRIALS}" download="${TRIALS_FILE}" href="${TRIALS_URL}${packed}">${TRIALS_FILE}</a>: every trial with all ` +
        `its samples, as an Arrow stream in gzip. Unpacked, any Arrow reader opens it. The element ${MANIFEST} of this page ` +
        `holds the results as JSON.</p>`,
    },
  ];
  const shown = sections.map(({ title, text, parts }) => ({
    title: printableLine(title),
    parts,
    ...(text === undefined ? {} : { text: printableLine(text) }),
  }));
  return await pageOf(printableLine(title), printableLine(intro), shown, {
    interactive: true,
    finding: printableLine(findingOf(workloads.flatMap(outcomesOf)), 1000),
    more,
    foot: dataScript(manifest, MANIFEST),
    own: await hereScripts(workloads),
  });
}

const COMMAND = "npx --yes deno@2.9.6 task rerun /path/to/this.html";
const CELL = `import { Device, display, Shared } from "tunebook";

const shared = await Shared.open("/path/to/this.html");
const device = await Device.open();
const again = await shared.rerun(device);
await display(again.table, again.chart);`;

const RERUN =
  `<p>Keep this file. Run this command in a checkout of Tunebook; it needs only Node. It measures the schedules below on your
device, interleaved with DLight's preset for it, and shows both devices side by side:</p>
<pre>${escapeHtml(COMMAND)}</pre>
<p>The same in a notebook:</p>
<pre>${escapeHtml(CELL)}</pre>
<p>No part of the page is run. Programs and schedules are data: Tunebook checks every field, rebuilds the schedules by its
own steps, and checks them against the limits of your device. Results are checked against the reference.</p>`;

/** The program, each method's schedule, and the source of the fastest one. */
function schedulesOf({ func, task, results }: SharedWorkload, device: Target): string {
  const schedules = results.flatMap(({ result, best }) =>
    best ? [folded(`${labelOf(result.contestant)}: ${result.rule}`, `${best.trace}`)] : []
  );
  const budget = Object.entries(task.budget).map(([name, limit]) => `${limit} ${name}`).join(", ");
  const [fastest] = results.filter((r) => r.best).toSorted((a, b) =>
    (a.result.won?.ms ?? Infinity) - (b.result.won?.ms ?? Infinity)
  );
  const source = fastest?.best && kernelOf(func, fastest.best.trace, device);
  return `<h3>${escapeHtml(printableLine(func.name))}</h3>` +
    `<p>Seed ${task.seed}${budget && `, budget of a search: ${escapeHtml(printableLine(budget))}`}.</p>` +
    folded("The program", `${func}`) + schedules.join("") +
    (source ? folded(`The fastest kernel, of ${labelOf(fastest.result.contestant)}`, source) : "");
}

/** The source of a schedule for the device that ran it; undefined where that can't be printed here. */
function kernelOf(func: PrimFunc, trace: Trace, device: Target): string | undefined {
  try {
    return sourceOf(compile(replay(func, trace), device)).code;
  } catch (e) {
    if (e instanceof TunebookError) return undefined;
    throw e;
  }
}

/** Folds a long text under a title. */
function folded(title: string, text: string): string {
  return `<details><summary>${escapeHtml(printableLine(title))}</summary><pre>${
    escapeText(printable(text))
  }</pre></details>`;
}

/** Writes a table of the device and the versions. The device's limits and features fold. */
function deviceOf({ device, versions }: Manifest): string {
  const { limits, peaks, name, runtime, clock, profile, ...features } = device;
  const measured = Object.entries(peaks ?? {}).map((
    [what, value],
  ) => [`measured peak: ${what}`, digits(value)]);
  const programs = Object.entries(versions).map(([what, value]) => [`version: ${what}`, value]);
  const main = [...Object.entries({ name, runtime, clock, profile }), ...measured, ...programs];
  const cells = (rows: readonly (readonly unknown[])[]) => [
    ["what", "which"],
    ...rows.filter(([, value]) => value !== "").map((row) => row.map((x) => printableLine(`${x}`, 200))),
  ];
  const more = cells([...Object.entries(limits), ...Object.entries(features)]), title = "Limits and features";
  return wide("Device and versions", htmlOf(cells(main))) +
    `<details><summary>${title}</summary>${wide(title, htmlOf(more))}</details>`;
}
