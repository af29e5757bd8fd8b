/** A shared result: written as one page or one folder, and opened as untrusted input. */
import { pathKind } from "../records/kinds.ts";
import { dirname } from "node:path";
import { type Table, tableToIPC } from "npm:apache-arrow@21.2.0";
import { messageOf, TunebookError } from "../base/error.ts";
import { printable } from "../base/printable.ts";
import { RecordError } from "../records/error.ts";
import { bestRecords, isManifest } from "../records/result_file.ts";
import { kindOf, readFile } from "../records/read_file.ts";
import { type Manifest, manifestFrom } from "../records/manifest.ts";
import type { TrialRecord } from "../records/record.ts";
import { checkTrials, outcomesOf, type SharedWorkload, workloadsOf } from "../records/shared.ts";
import { summaryTable } from "../records/summary_table.ts";
import { recordsToTable } from "../records/table.ts";
import { trialsFrom } from "../records/trial_file.ts";
import { Chart } from "../charts/chart.ts";
import { bestSoFarSpec } from "../charts/best_so_far.ts";
import { confirmedSpec } from "../charts/confirmed.ts";
import { overviewSpec } from "../charts/overview.ts";
import { type Bundle, inCell } from "../notebook/jupyter.ts";
import { readSharedPage } from "./read_shared_page.ts";
import { writeSharedPage } from "./write_shared_page.ts";
import { escapeHtml, tableBundle } from "../notebook/tables.ts";
import type { TunableDevice } from "../tuning/tunable_device.ts";
import { manifestOf, type Shareable, shareableKind, type ShareOptions } from "./manifest_of.ts";
import { type Rerun, rerun, type RerunOptions } from "../tuning/rerun.ts";
import { checkArgument, checkOptions, type Fields } from "../base/check_options.ts";
import { recordOf, text } from "../base/option_kinds.ts";

/** Results with everything that is needed to read them, check them, and measure them again on another device. */
export class Shared {
  /** The path that it was read from or last written to; empty if there is none. */
  #path = "";

  private constructor(
    readonly manifest: Manifest,
    /** Every trial, in order. */
    readonly records: readonly TrialRecord[],
    /** The programs, each with the best schedule of every method. */
    readonly workloads: readonly SharedWorkload[],
  ) {}

  /**
   * Collects what is shared of one or more results, without writing it.
   *
   * @throws {RecordError} if a result has no trial, or the results come from several devices
   */
  static of(results: Shareable | readonly Shareable[], options: ShareOptions = {}): Shared {
    checkArgument("Shared.of", "results", results, shareableKind);
    checkOptions("Shared.of", options, SHARE_FIELDS);
    const list = Array.isArray(results) ? results as readonly Shareable[] : [results as Shareable];
    const { manifest, trials } = manifestOf(list, options);
    return new Shared(manifest, trials, workloadsOf("sharing results", manifest));
  }

  /**
   * Opens a page or a folder that `share` wrote, or the file with which such a page saves what it has measured. That file
   * has the schedules and their times, and no other trials. Each is untrusted input: it is read as data, field by field, and none of
   * it is run. Inconsistent data are refused.
   *
   * @throws {RecordError} if it can't be read, was not written by `share`, or is not consistent
   */
  static async open(path: string): Promise<Shared> {
    checkArgument("Shared.open", "path", path, pathKind);
    const { manifest: json, trials } = await contentsOf(path);
    const manifest = manifestFrom(path, json);
    const workloads = workloadsOf(`opening ${path}`, manifest);
    const records = trials
      ? trialsFrom(`the trials in ${path}`, trials)
      : bestRecords(workloads, manifest.time);
    checkTrials(path, manifest, records);
    const shared = new Shared(manifest, records, workloads);
    shared.#path = path;
    return shared;
  }

  /** Every trial as an Arrow table, one row a trial. */
  get trials(): Table {
    return recordsToTable(this.records);
  }

  /** The summary of all programs as an Arrow table: one row a method, as `compare` makes it. */
  get summary(): Table {
    return summaryTable(this.workloads.flatMap(outcomesOf));
  }

  /** The charts: one of all programs if there are several, then two of each program, in order. */
  get charts(): readonly Chart[] {
    return this.#sections().flatMap((s) => s.parts.filter((p) => p instanceof Chart));
  }

  /**
   * Writes everything as one page if `path` ends in .html, and as a folder otherwise. The folder holds the page as
   * index.html, manifest.json, trials.arrows, and the charts as PNG and Vega-Lite.
   *
   * @throws {RecordError} if it can't be written
   */
  async save(path: string): Promise<void> {
    checkArgument("shared.save", "path", path, pathKind);
    const sections = this.#sections();
    const trials = tableToIPC(this.trials, "stream");
    const page = await writeSharedPage(this.manifest, this.workloads, sections, trials);
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
        `expected a path that can be written, got an error (${messageOf(e)}), writing ${path}; ` +
          `choose a path in a folder that can be written`,
      );
    }
    this.#path = path;
  }

  /**
   * Measures the shared schedules on this device, interleaved with DLight's preset for it. Every result is checked. A
   * schedule or program that does not run on this device has rows that say why.
   *
   * @throws {OptionError} if an option is unknown or has an invalid value
   */
  async rerun(device: TunableDevice, options: RerunOptions = {}): Promise<Rerun> {
    return await rerun(this.manifest.device, this.workloads, device, options);
  }

  /** Returns title, counts, device, time and path in one line. */
  toString(): string {
    const { title, device, time } = this.manifest;
    const schedules = this.workloads.flatMap((s) => s.results.filter((r) => r.best)).length;
    return `Shared: ${title}, ${schedules} schedules and ${this.records.length} trials, measured on ${device.name}, ` +
      `shared ${time}${this.#path && `, in ${this.#path}`}`;
  }

  /** Returns the text for a terminal: the line of `toString`, and the summary as a table. */
  [Symbol.for("Deno.customInspect")](): string {
    return `${printable(`${this}`)}\n${tableBundle(this.summary)["text/plain"]}`;
  }

  /** Returns the formats for a notebook's cell: that line and the summary, as HTML and as text. */
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
 * Writes one or more results of `compare` or `autotvm.tune` as one page (a path that ends in .html) or one folder. It
 * holds the charts, trials, schedules, device, versions, seed, and how to run it again. `Shared.open` reads it on any
 * machine.
 *
 * @throws {OptionError} for an argument of a wrong kind
 * @throws {RecordError} if a result has no trial, the results come from several devices, or the path can't be written
 */
export async function share(
  results: Shareable | readonly Shareable[],
  path: string,
  options: ShareOptions = {},
): Promise<Shared> {
  checkArgument("share", "results", results, shareableKind);
  checkArgument("share", "path", path, pathKind);
  checkOptions("share", options, SHARE_FIELDS);
  const shared = Shared.of(results, options);
  await shared.save(path);
  return shared;
}

/** What is read: a page, or the files of a folder, of up to 64 MiB each. */
const SHARED = { what: "a page or a folder of share", most: 64 * 2 ** 20 };

/** Reads the manifest's text and the trials' bytes from a page or a folder; a result in JSON has no trials. */
async function contentsOf(
  path: string,
): Promise<{ readonly manifest: string; readonly trials?: Uint8Array }> {
  const kind = kindOf("opening", path);
  if (kind === "nothing") {
    throw new RecordError(
      `expected a page or a folder of share, got an error (nothing is there), opening ${path}; give a page or a folder that ` +
        `share has written`,
    );
  }
  if (kind === "file") {
    const bytes = await readFile("opening", path, SHARED);
    return isManifest(bytes) ? { manifest: textOf(bytes) } : readSharedPage(path, textOf(bytes));
  }
  return {
    manifest: textOf(await readFile("opening", `${path}/manifest.json`, SHARED)),
    trials: await readFile("opening", `${path}/trials.arrows`, SHARED),
  };
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
