/**
 * What cost models are worth: on spaces that were measured whole, how well a model of a few points ranks the others.
 *
 *     deno task bench:model [--only SPACE…] [--seeds 10] [--out FILE.arrows]
 *
 * For each view (families of features), loss, set of trees and number of points learnt from, over seeds: pairwise
 * accuracy, recall of the best k among the k that are predicted to be the best, and what the best of eight such is
 * worth; and the same where a prior was fitted on the other spaces, with nothing measured of this one to begin with.
 */
import { argumentsOf, type CliOption, type Command, runCommand } from "../../lib/cli/arguments.ts";
import { fileOf, numberOf, ONLY_NAMES } from "./options.ts";
import { type Table, tableToIPC } from "apache-arrow";
import { CostModel, SCORES } from "../../lib/autotvm/cost_model.ts";
import { FAMILIES, type Family, loopFeatures } from "../../lib/autotvm/features.ts";
import type { GbdtOptions } from "../../lib/autotvm/gbdt.ts";
import { KnobFeatures } from "../../lib/autotvm/knob_features.ts";
import type { Loss } from "../../lib/autotvm/losses.ts";
import { fitPrior, type Prior } from "../../lib/autotvm/prior.ts";
import { pairwiseAccuracy, topRecall, topShare } from "../../lib/autotvm/ranking.ts";
import { AUTOTVM_DEFAULTS } from "../../lib/autotvm/xgb.ts";
import * as dlight from "../../lib/dlight/schedule.ts";
import { scheduleAt } from "../../lib/tuning/search_space.ts";
import type { RecordedSpace } from "../../lib/records/recorded_space.ts";
import type { Column } from "../../lib/records/schema.ts";
import { tableOf } from "../../lib/records/table.ts";
import { textOf } from "../../lib/notebook/tables.ts";
import { Rng } from "../../lib/base/random.ts";
import { recordedSpaces } from "./recorded_space.ts";

/** Points of a space that are looked at, and of those that were held out, at which pairs are counted. */
const POINTS = 600;
const PAIRED = 400;
const SIZES = [16, 32, 64, 128];
const LOSS: readonly Loss[] = ["regression", "rank"];

/** Points of one program on one device. */
export interface Case {
  readonly name: string;
  readonly device: string;
  /** The features of each point, by family. */
  readonly features: Readonly<Record<Family | "knob", readonly Float64Array[]>>;
  /** Undefined where the candidate failed. */
  readonly scores: readonly (number | undefined)[];
}

const LOOPS = Object.keys(FAMILIES) as readonly Family[];

/** What a model is shown. Knobs come first, as a prior sees the last columns. */
const VIEWS: Readonly<Record<string, readonly (Family | "knob")[]>> = {
  knob: ["knob"],
  itervar: ["itervar"],
  target: ["target"],
  "knob+target": ["knob", "target"],
  "itervar+target": ["itervar", "target"],
  "knob+itervar": ["knob", "itervar"],
  "knob+itervar+target": ["knob", "itervar", "target"],
  all: ["knob", ...LOOPS],
};
export type View = keyof typeof VIEWS;

/** Sets of trees that are tried with both losses. */
const TREES: Readonly<Record<string, Partial<GbdtOptions>>> = {
  default: SCORES,
  autotvm: AUTOTVM_DEFAULTS.trees,
  // MetaSchedule's, whose trees may have leaves of any weight.
  metaschedule: { rounds: 100, depth: 10, rate: 0.2, gamma: 1e-3, minWeight: 0 },
  stumps: { rounds: 120, depth: 1, rate: 0.2 },
  shallow: { rounds: 100, depth: 2, rate: 0.2 },
  slow: { rounds: 200, depth: 3, rate: 0.05 },
};

/** The view with which sets of trees are tried, and those with which priors are. */
const FULL_VIEW = "knob+itervar+target";
const PRIOR_VIEWS = ["target", "itervar+target", FULL_VIEW];

const COLUMNS = {
  space: "text",
  view: "text",
  loss: "text",
  trees: "text",
  /** "none" or "other spaces". */
  prior: "text",
  /** Points learnt from. */
  points: "int",
  seed: "int",
  accuracy: "float",
  recall1: "float",
  recall8: "float",
  recall32: "float",
  /** The best of the eight that are predicted to be the best, as a share of the best. */
  share8: "float",
  /** What the model says of itself, which should be twice its accuracy less one; NaN where it was not asked. */
  trust: "float",
  priorTrust: "float",
} as const satisfies Readonly<Record<string, Column>>;

export type Row = {
  readonly [K in keyof typeof COLUMNS]: typeof COLUMNS[K] extends "text" ? string : number;
};

/** One way to make a model. */
export interface Setup {
  readonly view: View;
  readonly loss: Loss;
  readonly trees: string;
  readonly prior?: Prior | undefined;
  readonly points: number;
}

function rowsOf(of: Case, view: View): readonly Float64Array[] {
  const families = VIEWS[view] ?? [];
  return of.scores.map((_, i) => Float64Array.from(families.flatMap((f) => [...of.features[f][i] ?? []])));
}

/** Fits a model on points drawn by the seed, and looks at how it ranks the others. */
export function evaluate(of: Case, rows: readonly Float64Array[], setup: Setup, seed: number): Row {
  const { view, loss, trees, prior, points } = setup;
  const order = Rng.of(seed).shuffle([...of.scores.keys()]);
  const seen = order.slice(0, points), held = order.slice(points);
  const pick = <T>(list: readonly T[], at: readonly number[]) => at.map((i) => list[i] as T);
  const model = new CostModel(pick(rows, seen), pick(of.scores, seen), {
    trees: { ...TREES[trees], loss },
    prior,
  });
  const predicted = held.map((i) => model.predict(rows[i] as Float64Array));
  const actual = held.map((i) => of.scores[i] ?? 0);
  const recall = (k: number) => topRecall(k, predicted, actual);
  return {
    space: of.name,
    view,
    loss,
    trees,
    prior: prior ? "other spaces" : "none",
    points,
    seed,
    accuracy: pairwiseAccuracy(predicted.slice(0, PAIRED), actual.slice(0, PAIRED)),
    recall1: recall(1),
    recall8: recall(8),
    recall32: recall(32),
    share8: topShare(8, predicted, actual),
    // Asking costs five more fits.
    trust: view === FULL_VIEW && trees === "default" ? model.trust : NaN,
    priorTrust: model.priorTrust,
  };
}

/** The points of a recorded space, or as many drawn from them as the benchmark looks at. */
export function caseOf(name: string, recorded: RecordedSpace): Case {
  const { func, target, space, points } = recorded;
  const { template } = dlight.match(func, target);
  const knobs = new KnobFeatures(space);
  const features = Object.fromEntries(["knob", ...LOOPS].map((f) => [f, [] as Float64Array[]])) as Record<
    Family | "knob",
    Float64Array[]
  >;
  const scores: (number | undefined)[] = [];
  for (const p of Rng.of(0).shuffle([...points.values()])) {
    if (scores.length >= POINTS) break;
    const schedule = scheduleAt(func, template, space, space.at(p.index));
    if (!schedule) continue;
    features.knob.push(knobs.of(p.index));
    for (const f of LOOPS) features[f].push(loopFeatures(schedule.func, target, [f]));
    scores.push(p.status === "ok" ? 1 / p.ms : undefined);
  }
  return { name, device: target.name, features, scores };
}

/** What the other cases tell of one. */
export function priorFor(of: Case, cases: readonly Case[], view: View, loss: Loss): Prior | undefined {
  const families = (VIEWS[view] ?? []).filter((f) => f !== "knob");
  const others = cases.filter((c) => c !== of);
  if (others.length === 0 || families.length === 0) return undefined;
  return fitPrior(
    others.map((c) => ({
      program: c.name,
      device: c.device,
      rows: c.scores.map((_, i) => Float64Array.from(families.flatMap((f) => [...c.features[f][i] ?? []]))),
      scores: c.scores,
    })),
    { loss },
  );
}

/** Every setup of every case, over the seeds `0 … seeds-1`. */
export function* benchmark(cases: readonly Case[], seeds: number): Generator<Row, void> {
  for (const of of cases) {
    const most = of.scores.length / 2;
    const sizes = SIZES.filter((n) => n <= most);
    const setups: Setup[] = [];
    for (const points of sizes) {
      for (const loss of LOSS) {
        for (const view of Object.keys(VIEWS)) setups.push({ view, loss, trees: "default", points });
        for (const trees of Object.keys(TREES)) {
          if (trees !== "default") setups.push({ view: FULL_VIEW, loss, trees, points });
        }
      }
    }
    for (const view of PRIOR_VIEWS) {
      for (const loss of LOSS) {
        const prior = priorFor(of, cases, view, loss);
        if (!prior) continue;
        for (const points of [0, ...sizes]) setups.push({ view, loss, trees: "default", prior, points });
      }
    }
    const known = new Map<View, readonly Float64Array[]>();
    for (const setup of setups) {
      const rows = known.get(setup.view) ?? rowsOf(of, setup.view);
      known.set(setup.view, rows);
      for (let seed = 0; seed < seeds; seed++) yield evaluate(of, rows, setup, seed);
    }
  }
}

export function tableFrom(rows: readonly Row[]): Table {
  return tableOf(rows, COLUMNS);
}

/** Means over spaces and seeds, a line for each setup. */
export function summary(rows: readonly Row[]): readonly (readonly string[])[] {
  const head = ["view", "loss", "trees", "prior", "points"] as const;
  const numbers = ["accuracy", "recall1", "recall8", "recall32", "share8", "trust", "priorTrust"] as const;
  const groups = Map.groupBy(rows, (r) => head.map((h) => r[h]).join(" "));
  return [
    [...head, ...numbers],
    ...[...groups.values()].map((group) => [
      ...head.map((h) => String(group[0]?.[h])),
      ...numbers.map((n) => mean(group.map((r) => r[n]))),
    ]),
  ];
}

function mean(list: readonly number[]): string {
  const x = list.reduce((a, b) => a + b, 0) / list.length;
  return Number.isNaN(x) ? "" : x.toFixed(3);
}

const COMMAND = {
  name: "deno task bench:model",
  summary: "Compares cost models on spaces that were measured whole: features, losses, trees, priors.",
  options: { only: ONLY_NAMES, seeds: numberOf("Seeds", 10), out: fileOf("The rows as Arrow") },
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

async function benchModel(args: readonly string[]): Promise<void> {
  const { values } = argumentsOf(COMMAND, args);
  const cases: Case[] = [];
  for (const [name, recorded] of await recordedSpaces()) {
    if (values.only && !values.only.includes(name)) continue;
    cases.push(caseOf(name, recorded));
    console.log(`${name}: ${cases.at(-1)?.scores.length} points`);
  }
  const rows = [...benchmark(cases, values.seeds ?? 10)];
  if (values.out !== undefined) await Deno.writeFile(values.out, tableToIPC(tableFrom(rows), "stream"));
  console.log(textOf(summary(rows)));
}

if (import.meta.main) await runCommand(COMMAND, benchModel);
