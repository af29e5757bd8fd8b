/**
 * What tuners are worth: every one, from both starts, on spaces that were measured whole, which stand for the device.
 *
 *     deno task bench:tuners [--only SPACE…] [--tuners NAME…] [--seeds 20] [--trials 512] [--out FILE.arrows] [--real]
 *
 * Where TUNEBOOK_DATA names a folder with Kernel Tuner's spaces, it also runs on those, from scratch and without an
 * estimate; with --real on those only.
 *
 * Says after how many trials, and simulated seconds, 95% of the space's best is reached (quartiles over seeds), and
 * how far a search has come after so many trials.
 */
import { argumentsOf, type CliOption, type Command, runCommand } from "../../lib/cli/arguments.ts";
import { flag } from "../../lib/base/option_kinds.ts";
import { fileOf, numberOf, ONLY_NAMES } from "./options.ts";
import { type Table, tableToIPC } from "apache-arrow";
import { createTuner, tunerNames } from "../../lib/autotvm/create_tuner.ts";
import type { Tuner, TunerOptions } from "../../lib/autotvm/tuner.ts";
import { AUTOTVM_DEFAULTS, XgbTuner } from "../../lib/autotvm/xgb.ts";
import { bestPoint, simulate } from "../../lib/tuning/simulate.ts";
import type { MeasuredSpace } from "../../lib/records/measured_space.ts";
import { kernelTunerSpaces } from "./kernel_tuner_spaces.ts";
import { type RealResult, realTable, searchReal, strategiesOf } from "./real_spaces.ts";
import { tableOf } from "../../lib/records/table.ts";
import { textOf } from "../../lib/notebook/tables.ts";
import { TUNER_COLUMNS, type TunerRow } from "../../lib/charts/tuners_compared.ts";
import { recordedSpaces } from "./recorded_space.ts";

/** Trials at which a search is looked at. */
export const MARKS = [4, 8, 16, 32, 64, 128, 256, 512] as const;
/** The share of the best that counts as found. */
const FOUND = 0.95;

export interface Contestant {
  readonly tuner: string;
  readonly start: TunerOptions["start"];
  readonly make: (options: TunerOptions) => Tuner;
}

/** AutoTVM as it is: its model, its sizes, nothing known. */
const AUTOTVM: Contestant = {
  tuner: "autotvm-defaults",
  start: "scratch",
  make: (options) => new XgbTuner({ ...options, ...AUTOTVM_DEFAULTS }),
};

export const contestants: readonly Contestant[] = [
  ...(["preset", "scratch"] as const).flatMap((start) =>
    tunerNames.map((tuner): Contestant => ({
      tuner,
      start,
      make: (options) => createTuner(tuner, options),
    }))
  ),
  AUTOTVM,
];

/** One search: the share of the best after each trial, and the seconds that they would have taken. */
export interface Run {
  readonly share: readonly number[];
  readonly seconds: readonly number[];
}

export function run(
  space: MeasuredSpace,
  { make, start }: Contestant,
  { seed, trials }: { readonly seed: number; readonly trials: number },
): Run {
  const best = bestPoint(space).ms;
  const tried = simulate(space, { seed, budget: { trials }, tuner: make, start, enoughMs: best });
  let share = 0, seconds = 0;
  return {
    share: tried.map(({ ms }) => share = Math.max(share, Number.isNaN(ms) ? 0 : best / ms)),
    seconds: tried.map((p) => seconds += p.seconds),
  };
}

/** The share after so many trials; a search that has ended stays where it was. */
export function shareAt({ share }: Run, trials: number): number {
  return share[Math.min(trials, share.length) - 1] ?? 0;
}

/** Trials until this share of the best; Infinity where it was not reached. */
export function trialsTo({ share }: Run, part: number): number {
  const at = share.findIndex((s) => s >= part);
  return at < 0 ? Infinity : at + 1;
}

/** Quartiles of a list, ascending, each one of its numbers. */
export function quartiles(list: readonly number[]): readonly [number, number, number] {
  const sorted = list.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.ceil(part * sorted.length) - 1] ?? NaN;
  return [at(0.25), at(0.5), at(0.75)];
}

export function meanShare(runs: readonly Run[], trials: number): number {
  return runs.reduce((sum, r) => sum + shareAt(r, trials), 0) / runs.length;
}

/** A run at the marks, where 95% is reached, and where it ends; a row holds until the next. */
export function rowsOf(
  space: string,
  { tuner, start }: Contestant,
  seed: number,
  r: Run,
): readonly TunerRow[] {
  const marks = [...MARKS, trialsTo(r, FOUND), r.share.length].filter((t) => t <= r.share.length);
  return [...new Set(marks)].toSorted((a, b) => a - b).map((trial) => ({
    space,
    tuner,
    start,
    seed,
    trial,
    share: Math.fround(shareAt(r, trial)),
    seconds: Math.fround(r.seconds[trial - 1] ?? 0),
  }));
}

export function tuningTable(rows: readonly TunerRow[]): Table {
  return tableOf(rows, TUNER_COLUMNS);
}

/** A line for a contestant on a space. */
function lineOf({ tuner, start }: Contestant, runs: readonly Run[]): readonly string[] {
  const reached = (of: (r: Run) => number) =>
    quartiles(runs.map(of)).map((n) => Number.isFinite(n) ? n.toFixed(0) : "-").join(" / ");
  return [
    tuner,
    start,
    reached((r) => trialsTo(r, FOUND)),
    reached((r) => r.seconds[trialsTo(r, FOUND) - 1] ?? Infinity),
    ...MARKS.map((m) => meanShare(runs, m).toFixed(3)),
  ];
}

const COMMAND = {
  name: "deno task bench:tuners",
  summary: "Compares all tuners on spaces that were measured whole.",
  options: {
    only: ONLY_NAMES,
    tuners: { ...ONLY_NAMES, help: "Only this tuner; may be given several times. Default: all." },
    seeds: numberOf("Seeds", 20),
    trials: numberOf("Trials of a run", 512),
    out: fileOf("The runs as Arrow"),
    real: {
      as: "flag",
      kind: flag,
      help: "Only the spaces of real GPUs, in the folder that TUNEBOOK_DATA names.",
    },
  },
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

async function benchTuners(args: readonly string[]): Promise<void> {
  const { values } = argumentsOf(COMMAND, args), { trials = 512 } = values;
  const seeds = Array.from({ length: values.seeds ?? 20 }, (_, i) => i + 1);
  const rows: TunerRow[] = [];
  const folder = Deno.env.get("TUNEBOOK_DATA");
  for (const [name, space] of values.real ? [] : await recordedSpaces()) {
    if (values.only && !values.only.includes(name)) continue;
    const lines: (readonly string[])[] = [];
    for (const contestant of contestants) {
      if (values.tuners && !values.tuners.includes(contestant.tuner)) continue;
      const runs = seeds.map((seed) => run(space, contestant, { seed, trials }));
      runs.forEach((r, i) => rows.push(...rowsOf(name, contestant, seeds[i] as number, r)));
      lines.push(lineOf(contestant, runs));
    }
    console.log(`\n${name}: ${space.points.size} points, ${space.space.knobs.length} knobs\n`);
    console.log(textOf([
      ["tuner", "start", "trials to 95%", "seconds to 95%", ...MARKS.map((m) => `${m}`)],
      ...lines,
    ]));
  }
  if (folder) {
    const results = new Map<string, RealResult>(), spaces = await kernelTunerSpaces(folder);
    for (const contestant of contestants) {
      if (contestant.start !== "scratch") continue;
      if (values.tuners && !values.tuners.includes(contestant.tuner)) continue;
      results.set(contestant.tuner, searchReal(spaces, contestant, seeds));
    }
    const strategies = strategiesOf(await Deno.readTextFile(`${folder}/kernel_tuner_strategies.csv`));
    console.log(`\n${spaces.size} spaces of real GPUs\n\n${realTable(results, strategies)}`);
  } else console.log("\nTUNEBOOK_DATA names no folder: the spaces of real GPUs are left out");
  if (values.out) await Deno.writeFile(values.out, tableToIPC(tuningTable(rows), "stream"));
}

if (import.meta.main) await runCommand(COMMAND, benchTuners);
