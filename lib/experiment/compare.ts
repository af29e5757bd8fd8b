import type { Table } from "apache-arrow";
import { compile } from "../codegen/compile.ts";
import { checkBudget } from "../autotvm/budget.ts";
import type { TunerName } from "../autotvm/create_tuner.ts";
import * as dlight from "../dlight/schedule.ts";
import { fallback } from "../dlight/fallback.ts";
import { flopsOf, trafficOf } from "../ir/count.ts";
import { TunebookError } from "../ir/error.ts";
import type { PrimFunc } from "../ir/func.ts";
import { median, quantile } from "../measure/measurement.ts";
import { Measurer } from "../measure/measurer.ts";
import { RecordLog } from "../records/log.ts";
import type { TrialRecord } from "../records/record.ts";
import { type SummaryRow, summaryTable } from "../records/summary.ts";
import { recordsToTable } from "../records/table.ts";
import { bestSoFar, confirmed } from "../report/charts.ts";
import { Chart } from "../report/chart.ts";
import { shownAs } from "../report/jupyter.ts";
import type { Reporter } from "../report/live.ts";
import { tableBundle } from "../report/tables.ts";
import type { Shapes } from "../runtime/arguments.ts";
import type { Device } from "../runtime/device.ts";
import { replay } from "../schedule/trace.ts";
import { spaceOf } from "../space/template.ts";
import { type Candidate, candidateAt } from "./candidate.ts";
import { checkSubject, identityOf, isOf, recordOf, type Subject, taskOf } from "./subject.ts";
import { search, stateOf } from "./tune.ts";

/** Who may compete: no rule, the rule, the search alone, the search from the rule. */
export const CONTESTANTS = ["fallback", "dlight", "autotvm", "autotvm+dlight"] as const;
export type Contestant = typeof CONTESTANTS[number];

export interface CompareOptions {
  readonly device: Device;
  /** Default: all four. */
  readonly contestants?: readonly Contestant[];
  /** What each search may spend, the same for each. */
  readonly budget: { readonly seconds?: number; readonly trials?: number };
  /** Default "xgb". */
  readonly tuner?: TunerName;
  /** Default 0. */
  readonly seed?: number;
  readonly shapes?: Shapes;
  /** Arrow stream file for all trials; a comparison that was killed goes on from it. */
  readonly path?: string;
  /** Rounds of the final, interleaved measurement. Default 9. */
  readonly rounds?: number;
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
  readonly reporter?: Reporter;
}

export interface Comparison {
  /** Every trial of every contestant. */
  readonly trials: Table;
  /** One row a contestant: the confirmed result; NaN where none of its trials, or not its confirmation, succeeded. */
  readonly summary: Table;
  readonly charts: { readonly bestSoFar: Chart; readonly confirmed: Chart };
}

/**
 * Runs Fallback, DLight, and AutoTVM with and without DLight's help on one program at equal budgets, then
 * measures the winners again in turn, so that nobody is told to have won by noise. A contestant none of whose
 * trials succeeds has its row, without figures, and so have those that were not begun before `signal`.
 *
 * @throws {TunebookError} for an unknown contestant, a budget without a limit, a shape variable without a
 * value, and whatever stands against all of them
 */
export async function compare(func: PrimFunc, options: CompareOptions): Promise<Comparison> {
  const { device, contestants = CONTESTANTS, budget, tuner = "xgb", seed = 0, rounds = 9 } = options;
  const { target } = device;
  const unknown = contestants.find((c) => !CONTESTANTS.includes(c));
  if (unknown !== undefined) {
    throw new TunebookError(`cannot compare ${unknown}: contestants are ${CONTESTANTS.join(", ")}`);
  }
  if (!(Number.isSafeInteger(rounds) && rounds > 0)) {
    throw new TunebookError(`cannot confirm in ${rounds} rounds: it is a positive integer`);
  }
  if (contestants.some((c) => !isFixed(c))) checkBudget(budget);
  const shapes = checkSubject(func, options.shapes ?? {}, seed);
  await using measurer = await Measurer.open({
    prefer: target.kind,
    func,
    shapes,
    seed,
    ...(options.deadlineMs === undefined ? {} : { deadlineMs: options.deadlineMs }),
  });

  const records: TrialRecord[] = [];
  for (const contestant of contestants) {
    if (options.signal?.aborted) break;
    if (isFixed(contestant)) {
      const record = await fixed(contestant);
      records.push(record);
      await options.reporter?.update(stateOf({ func, contestant }, [record], {}, record.secondsSinceStart));
      continue;
    }
    const start = contestant === "autotvm" ? "scratch" : "preset";
    const { path, signal, reporter } = options;
    const log = await search(func, {
      device,
      tuner,
      start,
      seed,
      shapes,
      contestant,
      measurer,
      ...budget,
      ...(path === undefined ? {} : { path }),
      ...(signal ? { signal } : {}),
      ...(reporter ? { reporter } : {}),
    });
    records.push(...log.records);
  }
  const summary = shownTable(summaryTable(await confirm()));
  await options.reporter?.done();
  const trials = shownTable(recordsToTable(records));
  const title = taskOf(func, shapes);
  return {
    trials,
    summary,
    charts: {
      bestSoFar: new Chart(bestSoFar(trials, { title, subtitle: target.name })),
      confirmed: new Chart(confirmed(summary, { title, subtitle: target.name })),
    },
  };

  /** A contestant with one answer: measured once, recorded like any trial. */
  async function fixed(contestant: FixedContestant): Promise<TrialRecord> {
    const among = contestant === "fallback" ? [fallback] : dlight.rules;
    const { rule, template } = dlight.match(func, target, among);
    const space = spaceOf(func, template);
    const preset = space.at(space.preset);
    const subject: Subject = { func, target, shapes, seed, contestant, rule, tuner: "none", start: "preset" };
    using log = options.path === undefined
      ? RecordLog.memory()
      : await RecordLog.open(options.path, identityOf(subject));
    const earlier = log.records.find((r) => isOf(subject, r) && r.config === JSON.stringify(preset));
    if (earlier) return earlier;
    const begin = performance.now();
    const candidate: Candidate = candidateAt(func, template, space, preset, target);
    const { outcome } = candidate;
    const measurement = "status" in outcome ? outcome : await measurer.measure(outcome);
    const seconds = (performance.now() - begin) / 1000;
    const record = recordOf(subject, { trial: 0, config: preset, candidate, measurement, seconds });
    log.append([record]);
    return record;
  }

  /**
   * The best few of each contestant, measured again in turn: the fastest of many noisy trials is often only
   * the luckiest. The same schedule is measured once, whoever found it.
   */
  async function confirm(): Promise<readonly SummaryRow[]> {
    const own = (contestant: Contestant) => records.filter((r) => r.contestant === contestant);
    const preset = own("dlight")[0]?.config;
    const finalists = new Map(contestants.map((c) => [c, finalistsOf(own(c), preset)]));
    const traces = [...new Set([...finalists.values()].flat().map((r) => r.trace))];
    const results = await measurer.race(traces.map((t) => compile(replay(func, t), target)), rounds);
    const samplesOf = (r: TrialRecord | undefined) => {
      const m = r && results[traces.indexOf(r.trace)];
      return m?.status === "ok" ? m.samples : [];
    };
    const msOf = (r: TrialRecord | undefined) => median(samplesOf(r));
    const bestOf = (c: Contestant) =>
      finalists.get(c)?.reduce<TrialRecord | undefined>(
        (p, r) => p && !(msOf(r) < msOf(p)) ? p : r,
        undefined,
      );
    const mid = (c: Contestant) => msOf(bestOf(c));
    const entries = contestants.map((contestant) => ({
      contestant,
      own: own(contestant),
      best: bestOf(contestant),
    }));
    return entries.map(({ contestant, own, best }): SummaryRow => {
      const samples = samplesOf(best);
      const ms = msOf(best);
      return {
        task: taskOf(func, shapes),
        contestant,
        rule: own[0]?.rule ?? "",
        trials: own.length,
        failed: own.filter((r) => r.status !== "ok").length,
        seconds: Math.max(0, ...own.map((r) => r.secondsSinceStart)),
        medianMs: ms,
        lowMs: quantile(samples, 0.25),
        highMs: quantile(samples, 0.75),
        gflops: flopsOf(func, shapes) / ms / 1e6,
        gbps: trafficOf(func, shapes) / ms / 1e6,
        speedupVsFallback: mid("fallback") / ms,
        speedupVsDlight: mid("dlight") / ms,
        config: best?.config ?? "",
        trace: best?.trace ?? "",
        maxError: best?.maxError ?? NaN,
        samples,
      };
    });
  }
}

/** How many of each contestant's trials are measured again. */
const FINALISTS = 3;

/** The fastest trials, one a schedule, and the rule's own if it is among all: a search from it can't end below. */
function finalistsOf(own: readonly TrialRecord[], preset: string | undefined): readonly TrialRecord[] {
  const ok = own.filter((r) => r.status === "ok" && r.medianMs > 0).toSorted((a, b) =>
    a.medianMs - b.medianMs
  );
  const distinct = ok.filter((r, k) => ok.findIndex((o) => o.trace === r.trace) === k);
  return distinct.filter((r, k) => k < FINALISTS || r.config === preset);
}

type FixedContestant = "fallback" | "dlight";

/** Whether a contestant has one answer and needs no search. */
function isFixed(contestant: Contestant): contestant is FixedContestant {
  return contestant === "fallback" || contestant === "dlight";
}

/** The table, readable as the last value of a cell. */
function shownTable(table: Table): Table {
  return shownAs(table, () => tableBundle(table));
}
