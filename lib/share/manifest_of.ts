/** Converts results to a manifest and a list of all trials. */
import { isPlainObject, type Kind } from "../base/check_options.ts";
import { anyOf, arrayOf, instanceOf, passing, required, withFields } from "../base/option_kinds.ts";
import { schedule } from "../dlight/schedule.ts";
import { TunebookError } from "../base/error.ts";
import { funcFromJson, type FuncJson } from "../ir/func_json.ts";
import { configOf } from "../records/config.ts";
import { RecordError } from "../records/error.ts";
import {
  type Manifest,
  SHARED_VERSION,
  type SharedResult,
  type SharedSchedule,
  type SharedTask,
} from "../records/manifest.ts";
import type { TrialRecord } from "../records/record.ts";
import { SCHEMA_VERSION } from "../records/schema.ts";
import type { SummaryRow } from "../records/summary.ts";
import { isSameDevice } from "../target/target_distance.ts";
import { targetFromJson } from "../target/target_json.ts";
import type { Target } from "../target/target.ts";
import { Comparison, Comparisons } from "../tuning/comparison.ts";
import type { Confirmed } from "../tuning/confirm.ts";
import type { TuneLog } from "../tuning/tune_log.ts";
import { VERSION } from "../base/version.ts";

/** A result that can be shared. */
export type Shareable = Comparison | Comparisons | TuneLog;

const result: Kind<Shareable> = anyOf(
  instanceOf(Comparison, "a result of compare"),
  instanceOf(Comparisons, "of compare with several programs"),
  withFields<TuneLog>("of autotvm.tune", {
    records: required(passing("a list of records", Array.isArray)),
    budget: required(passing("a budget", isPlainObject)),
  }),
);

/** The kind of an argument that is one result that can be shared, or a list of them. */
export const shareableKind: Kind<Shareable | readonly Shareable[]> = anyOf(
  result,
  { ...arrayOf(result), takes: "a list of them" },
);

/** The options of `share`. */
export interface ShareOptions {
  /** The title of the page. Default: the program in one line, or the number of operators. */
  readonly title?: string;
  /** Descriptions of programs for readers, by the program's name. Default: none. */
  readonly notes?: Readonly<Record<string, string>>;
}

/**
 * Makes the manifest of results, and collects their trials.
 *
 * @throws {RecordError} if a result has no trial, or the results come from several devices
 */
export function manifestOf(
  results: readonly Shareable[],
  { title, notes = {} }: ShareOptions,
): { readonly manifest: Manifest; readonly trials: readonly TrialRecord[] } {
  const flat = results.flatMap((r): readonly (Comparison | TuneLog)[] =>
    r instanceof Comparisons ? r.each : [r]
  );
  const parts = flat.map((r) =>
    r instanceof Comparison
      ? { trials: r.records, made: comparisonResults(r), budget: r.budget }
      : { trials: r.records, made: searchResults(r), budget: r.budget }
  );
  const empty = parts.length === 0 || parts.some((p) => p.trials.length === 0);
  if (empty) {
    throw new RecordError(
      "expected results with trials, got a result without a trial, sharing results; let it run until it has one",
    );
  }
  const trials = parts.flatMap((p) => p.trials);
  const tasks = parts.map(({ trials: [first], made, budget }): SharedTask => {
    const { task, fingerprint, program, seed } = first as TrialRecord;
    const json = JSON.parse(program) as FuncJson & { readonly name: string };
    const note = Object.hasOwn(notes, json.name) ? { note: notes[json.name] } : {};
    return { task, ...note, fingerprint, program: json, seed, budget: { ...budget }, results: made };
  });
  const names = [...new Set(tasks.map((t) => t.task))];
  const manifest = {
    shared: SHARED_VERSION,
    title: title ?? (names.length === 1 ? names[0] as string : `${names.length} operators`),
    time: new Date().toISOString(),
    versions: {
      tunebook: VERSION,
      records: `schema ${SCHEMA_VERSION}`,
      deno: Deno.version.deno,
      v8: Deno.version.v8,
      typescript: Deno.version.typescript,
      system: `${Deno.build.os} ${Deno.build.arch}`,
    },
    device: deviceOf(trials),
    tasks,
  };
  return { manifest, trials };
}

/** Finds the device that all trials ran on, with its measured peaks if a trial has them. */
function deviceOf(trials: readonly TrialRecord[]): Target {
  const targets = [...new Set(trials.map((r) => r.target))].map((t) => targetFromJson(JSON.parse(t)));
  const [first] = targets as [Target, ...Target[]];
  const other = targets.find((t) => !isSameDevice(t, first));
  if (!other) return targets.find((t) => t.peaks) ?? first;
  throw new RecordError(
    `expected results of one device and clock, got ${first.name} with the ${first.clock} clock and ${other.name} with ` +
      `the ${other.clock} clock, sharing results; share each device's results separately`,
  );
}

function comparisonResults({ records, rows }: Comparison): readonly SharedResult[] {
  return rows.map((row): SharedResult => {
    const own = records.filter((r) => r.contestant === row.contestant);
    const record = own.find((r) => r.config === row.config && r.trace === row.trace && r.status === "ok");
    return {
      ...countsOf(row.contestant, own),
      ...(record && record.trace !== "" && row.samples.length > 0
        ? { won: confirmedSchedule({ record, ...timesOf(row) }) }
        : {}),
    };
  });
}

function timesOf({ medianMs, samples }: SummaryRow) {
  return { ms: medianMs, samples };
}

/** The best schedule of a search, and DLight's preset if the search started from it. */
function searchResults({ records, best, confirmed }: TuneLog): readonly SharedResult[] {
  const scheduleOf = (record: TrialRecord) => {
    const again = confirmed.find((c) => c.record === record && c.ms > 0);
    return again ? confirmedSchedule(again) : trialSchedule(record);
  };
  const own = ruleTrace(records);
  const rule = records.find((r) => r.status === "ok" && r.trace === own);
  return [
    ...(rule ? [{ ...countsOf("dlight", [rule]), tuner: "none", won: scheduleOf(rule) }] : []),
    { ...countsOf(best.contestant, records), won: scheduleOf(best) },
  ];
}

/** The trace of DLight's preset for the program and device of these trials; undefined if no rule takes the program. */
function ruleTrace([first]: readonly TrialRecord[]): string | undefined {
  if (!first) return undefined;
  try {
    const { trace } = schedule(
      funcFromJson(JSON.parse(first.program)),
      targetFromJson(JSON.parse(first.target)),
    );
    return JSON.stringify(trace);
  } catch (e) {
    if (e instanceof TunebookError) return undefined;
    throw e;
  }
}

function countsOf(method: string, own: readonly TrialRecord[]): SharedResult {
  const [first] = own;
  return {
    contestant: method,
    rule: first?.rule ?? "",
    tuner: first?.tuner ?? "",
    start: first?.start ?? "",
    trials: own.length,
    failed: own.filter((r) => r.status !== "ok").length,
    seconds: Math.max(0, ...own.map((r) => r.secondsSinceStart)),
  };
}

function confirmedSchedule(
  { record, ms, samples }: Pick<Confirmed, "record" | "ms" | "samples">,
): SharedSchedule {
  return { ...pointOf(record), confirmed: true, ms, samples };
}

/** A schedule that was not confirmed, with the times of its trial. */
function trialSchedule(record: TrialRecord): SharedSchedule {
  const { medianMs: ms, samples, againstMs, againstSamples } = record;
  const against = againstSamples.length > 0 ? { against: { ms: againstMs, samples: againstSamples } } : {};
  return { ...pointOf(record), confirmed: false, ms, samples, ...against };
}

function pointOf({ trial, config, trace, clock, maxError }: TrialRecord) {
  return { trial, config: configOf(config), trace: JSON.parse(trace), clock, maxError };
}
