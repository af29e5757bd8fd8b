/** A result that people share: written as one page or one folder, and opened as a stranger's data. */
import { dirname } from "node:path";
import { type Table, tableToIPC } from "npm:apache-arrow@21.2.0";
import { TunebookError } from "../base/error.ts";
import { printable } from "../base/printable.ts";
import { RecordError } from "../records/error.ts";
import { kindOf, readFile } from "../records/read_file.ts";
import { type Manifest, manifestFrom } from "../records/manifest.ts";
import type { TrialRecord } from "../records/record.ts";
import { checkTrials, outcomesOf, type SharedWorkload, workloadsOf } from "../records/shared.ts";
import { summaryTable } from "../records/summary.ts";
import { recordsToTable } from "../records/table.ts";
import { trialsFrom } from "../records/trial_file.ts";
import { Chart } from "../charts/chart.ts";
import { bestSoFarSpec } from "../charts/best_so_far.ts";
import { confirmedSpec } from "../charts/confirmed.ts";
import { overviewSpec } from "../charts/overview.ts";
import { type Bundle, inCell } from "../notebook/jupyter.ts";
import { partsOf, sharedPage } from "./shared_page.ts";
import { escapeHtml, tableBundle } from "../notebook/tables.ts";
import type { TunableDevice } from "../tuning/tunable_device.ts";
import { manifestOf, type Shareable, type ShareOptions } from "./manifest_of.ts";
import { type Rerun, rerun, type RerunOptions } from "../tuning/rerun.ts";
import { checkArgument, checkOptions, type Fields } from "../base/check_options.ts";
import { name, recordOf, text } from "../base/option_kinds.ts";

/** Results with all that it takes to look at them, to check them, and to measure them again elsewhere. */
export class Shared {
  /** What it was read from, or written to last. */
  #path = "";

  private constructor(
    readonly manifest: Manifest,
    /** Every trial. */
    readonly records: readonly TrialRecord[],
    /** The programs, and the schedules that won. */
    readonly workloads: readonly SharedWorkload[],
  ) {}

  /**
   * What is to be shared of results.
   *
   * @throws {RecordError} for results without a trial, or of several devices
   */
  static of(results: Shareable | readonly Shareable[], options: ShareOptions = {}): Shared {
    const list = Array.isArray(results) ? results as readonly Shareable[] : [results as Shareable];
    const { manifest, trials } = manifestOf(list, options);
    return new Shared(manifest, trials, workloadsOf("share the result", manifest));
  }

  /**
   * Opens a page or a folder that `share` wrote. It may come from anybody: it is read as data, field by field, nothing
   * of it is run, and what does not fit together is refused.
   *
   * @throws {RecordError} if it can't be read, is no such thing, or says what can't be
   */
  static async open(path: string): Promise<Shared> {
    const { manifest: json, trials } = await contentsOf(path);
    const manifest = manifestFrom(path, json);
    const workloads = workloadsOf(`open ${path}`, manifest);
    const records = trialsFrom(`the trials in ${path}`, trials);
    checkTrials(path, manifest, records);
    const shared = new Shared(manifest, records, workloads);
    shared.#path = path;
    return shared;
  }

  /** Every trial as an Arrow table. */
  get trials(): Table {
    return recordsToTable(this.records);
  }

  /** What came of each method: one row each, as `compare` gives them. */
  get summary(): Table {
    return summaryTable(this.workloads.flatMap(outcomesOf));
  }

  /** The charts: of all programs where they are several, then of each, in order. */
  get charts(): readonly Chart[] {
    return this.#sections().flatMap((s) => s.parts.filter((p) => p instanceof Chart));
  }

  /**
   * Writes everything as one page, where `path` ends in .html, or else as a folder: that page as index.html, and
   * manifest.json, trials.arrows and the charts as PNG and Vega-Lite.
   *
   * @throws {RecordError} if it can't be written
   */
  async save(path: string): Promise<void> {
    const sections = this.#sections();
    const trials = tableToIPC(this.trials, "stream");
    const page = await sharedPage(this.manifest, this.workloads, sections, trials);
    try {
      if (path.endsWith(".html")) {
        await Deno.mkdir(dirname(path), { recursive: true });
        await Deno.writeTextFile(path, page);
      } else {
        await Deno.mkdir(path, { recursive: true });
        await Deno.writeTextFile(`${path}/index.html`, page);
        await Deno.writeTextFile(`${path}/manifest.json`, JSON.stringify(this.manifest, null, 1));
        await Deno.writeFile(`${path}/trials.arrows`, trials);
        for (const [k, chart] of this.charts.entries()) {
          await chart.save(`${path}/chart_${k + 1}.png`);
          await chart.save(`${path}/chart_${k + 1}.json`);
        }
      }
    } catch (e) {
      if (e instanceof TunebookError) throw e;
      throw new RecordError(
        `cannot write ${path}: ${
          e instanceof Error ? e.message : e
        }; choose a path in a folder that can be written`,
      );
    }
    this.#path = path;
  }

  /**
   * Measures the shared schedules on this device, in turn with DLight's own preset for it and with every result
   * checked. A schedule that does not fit this device, or a program that can't be measured on it, has rows that say why.
   *
   * @throws {TunebookError} for a number of rounds that is none
   */
  async rerun(device: TunableDevice, options: RerunOptions = {}): Promise<Rerun> {
    return await rerun(this.manifest.device, this.workloads, device, options);
  }

  /** In words. */
  toString(): string {
    const { title, device, time } = this.manifest;
    const schedules = this.workloads.flatMap((s) => s.results.filter((r) => r.best)).length;
    return `Shared: ${title}, ${schedules} schedules and ${this.records.length} trials, measured on ${device.name}, ` +
      `shared ${time}${this.#path && `, in ${this.#path}`}`;
  }

  /** What a terminal shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return `${printable(`${this}`)}\n${tableBundle(this.summary)["text/plain"]}`;
  }

  /** What a notebook's cell shows. */
  [inCell](): Bundle {
    const table = tableBundle(this.summary);
    return {
      "text/html": `<p>${escapeHtml(printable(`${this}`))}</p>${table["text/html"]}`,
      "text/plain": Deno.inspect(this),
    };
  }

  #sections() {
    const { device: { name: subtitle } } = this.manifest;
    const of = (title: string) => ({ title, subtitle });
    const sections = this.workloads.map((s) => {
      const own = this.records.filter((r) => r.task === s.task.task && r.fingerprint === s.task.fingerprint);
      const rows = outcomesOf(s);
      return {
        title: s.func.name,
        ...(s.task.note === undefined ? {} : { text: s.task.note }),
        parts: [
          new Chart(bestSoFarSpec(own, of(s.task.task))),
          new Chart(confirmedSpec(rows, of(s.task.task))),
          summaryTable(rows),
        ],
      };
    });
    if (sections.length < 2) return sections;
    const all = this.workloads.flatMap(outcomesOf);
    return [
      {
        title: "All of them",
        parts: [new Chart(overviewSpec(all, of("Rule against search"))), summaryTable(all)],
      },
      ...sections,
    ];
  }
}

const SHARE_FIELDS = { title: text, notes: recordOf(text) } satisfies Fields<ShareOptions>;

/**
 * Writes a result of `compare` or `autotvm.tune`, or a list of them, as one page (a path that ends in .html) or one
 * folder that holds all of it: charts, trials, schedules, device, versions, seed, and how to run it again. `Shared.open`
 * reads it, anywhere.
 *
 * @throws {RecordError} for results without a trial or of several devices, or if it can't be written
 */
export async function share(
  results: Shareable | readonly Shareable[],
  path: string,
  options: ShareOptions = {},
): Promise<Shared> {
  checkArgument("share", "path", path, name);
  checkOptions("share", options, SHARE_FIELDS);
  const shared = Shared.of(results, options);
  await shared.save(path);
  return shared;
}

/** Bytes of a page, or of a file of a shared folder. */
const LARGEST = 64 * 2 ** 20;

/** The manifest's text and the trials' bytes in a page or a folder. */
async function contentsOf(path: string): Promise<{ readonly manifest: string; readonly trials: Uint8Array }> {
  const kind = kindOf("open", path);
  if (kind === "nothing") {
    throw new RecordError(
      `cannot open ${path}: it does not exist; give a page or a folder that share has written`,
    );
  }
  if (kind === "file") return partsOf(path, textOf(await readFile("open", path, LARGEST)));
  return {
    manifest: textOf(await readFile("open", `${path}/manifest.json`, LARGEST)),
    trials: await readFile("open", `${path}/trials.arrows`, LARGEST),
  };
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
