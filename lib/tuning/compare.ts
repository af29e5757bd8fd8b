import * as dlight from "../dlight/schedule.ts";
import { checkBudget } from "../autotvm/budget.ts";
import type { TunerName } from "../autotvm/create_tuner.ts";
import { fallback } from "../dlight/fallback/fallback.ts";
import { TunebookError } from "../base/error.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Measurer } from "../measure/measurer.ts";
import { RecordLog } from "../records/log.ts";
import type { TrialRecord } from "../records/record.ts";
import { type Outcome, summaryOf, type SummaryRow, summaryTable } from "../records/summary.ts";
import { recordsToTable } from "../records/table.ts";
import { bestSoFarSpec } from "../charts/best_so_far.ts";
import { confirmedSpec } from "../charts/confirmed.ts";
import { Chart } from "../charts/chart.ts";
import { Interruptible } from "./interrupt.ts";
import { unlessAborted } from "../base/cancellation.ts";
import type { Reporter } from "./reporter.ts";
import type { Shapes } from "../runtime/arguments.ts";
import type { Device } from "../runtime/device.ts";
import { spaceOf, type Template } from "../space/template.ts";
import { type Candidate, candidateAt } from "./candidate.ts";
import { checkSubject, identityOf, isOf, recordOf, type Subject, taskOf } from "./tuning_task.ts";
import {
  checkRounds,
  CONFIRM_ROUNDS,
  type Confirmed,
  confirmUnlessStopped,
  finalistsOf,
  winnerOf,
} from "./confirm.ts";
import { Comparison } from "./comparison.ts";
import { openMeasurer } from "./open_measurer.ts";
import { Search } from "./search.ts";
import { stateOf } from "./search_state.ts";

/** Who may compete: no rule, the rule, the search alone, the search from the rule. */
export const CONTESTANTS = ["fallback", "dlight", "autotvm", "autotvm+dlight"] as const;
export type Contestant = typeof CONTESTANTS[number];

export interface CompareOptions {
  readonly device: Device;
  /** Default: all four. */
  readonly contestants?: readonly Contestant[];
  /** What each search may spend, the same for each. */
  readonly budget: { readonly seconds?: number; readonly trials?: number };
  /** Default "portfolio". */
  readonly tuner?: TunerName;
  /** Default 0. */
  readonly seed?: number;
  /** The space of the searches; default: that of the DLight rule that matches. */
  readonly template?: Template;
  readonly shapes?: Shapes;
  /** Arrow stream file for all trials; a comparison that was killed goes on from it. */
  readonly path?: string;
  /** Rounds of the final, interleaved measurement. Default 11. */
  readonly rounds?: number;
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
  readonly reporter?: Reporter;
}

/**
 * Runs Fallback, DLight, and AutoTVM with and without DLight's help on one program at equal budgets, then
 * measures the winners again in turn, so that nobody is told to have won by noise. A contestant none of whose
 * trials succeeds has its row, without figures, and so have those that were not begun before `signal`.
 *
 * Jupyter's interrupt ends the searches, as `signal` does, and what was found is measured again; a second one ends
 * that, too, and leaves the figures out. The kernel and its state stay.
 *
 * @throws {TunebookError} for an unknown contestant, a budget without a limit, a shape variable without a
 * value, and whatever stands against all of them
 */
export async function compare(func: PrimFunc, options: CompareOptions): Promise<Comparison> {
  const {
    device,
    contestants = CONTESTANTS,
    budget,
    tuner = "portfolio",
    seed = 0,
    rounds = CONFIRM_ROUNDS,
  } = options;
  const { target } = device;
  const unknown = contestants.find((c) => !CONTESTANTS.includes(c));
  if (unknown !== undefined) {
    throw new TunebookError(`cannot compare ${unknown}: contestants are ${CONTESTANTS.join(", ")}`);
  }
  checkRounds(rounds);
  if (contestants.some((c) => !isFixed(c))) checkBudget(budget);
  const shapes = checkSubject(func, options.shapes ?? {}, seed);
  using stop = new Interruptible(options.signal);
  const { signal } = stop;
  const measurer = await openMeasurer(target, {
    func,
    shapes,
    seed,
    ...(options.deadlineMs === undefined ? {} : { deadlineMs: options.deadlineMs }),
  }, signal);
  await using _closing = measurer;

  const records: TrialRecord[] = [];
  let last: Search | undefined;
  for (const contestant of contestants) {
    if (signal.aborted || !measurer) break;
    if (isFixed(contestant)) {
      const record = await fixed(measurer, contestant);
      if (!record) break;
      records.push(record);
      await options.reporter?.update(stateOf({ func, contestant }, [record], {}, record.secondsSinceStart));
      continue;
    }
    const start = contestant === "autotvm" ? "scratch" : "preset";
    const { path, reporter, template } = options;
    await using search = await Search.open(func, {
      device,
      tuner,
      start,
      seed,
      shapes,
      contestant,
      measurer,
      ...budget,
      ...(path === undefined ? {} : { path }),
      ...(template ? { template } : {}),
      signal,
      ...(reporter ? { reporter } : {}),
    });
    last = search;
    await search.run();
    records.push(...search.records);
  }
  await last?.report("confirming");
  const rows = await confirmAll();
  await last?.report(signal.aborted ? "stopped" : "done");
  await options.reporter?.done();
  const title = taskOf(func, shapes);
  return new Comparison({
    trials: recordsToTable(records),
    summary: summaryTable(rows),
    budget,
    charts: {
      bestSoFar: new Chart(bestSoFarSpec(records, { title, subtitle: target.name })),
      confirmed: new Chart(confirmedSpec(rows, { title, subtitle: target.name })),
    },
  });

  /** A contestant with one answer: measured once, recorded like any trial; unless that is stopped. */
  async function fixed(by: Measurer, contestant: FixedContestant): Promise<TrialRecord | undefined> {
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
    const measurement = "status" in outcome ? outcome : await unlessAborted(by.measure(outcome), signal);
    if (!measurement) {
      await by.abandon();
      return undefined;
    }
    const seconds = (performance.now() - begin) / 1000;
    const record = recordOf(subject, { trial: 0, config: preset, candidate, measurement, seconds });
    log.append([record]);
    return record;
  }

  /** The best few of each contestant, measured again in turn: one row a contestant. */
  async function confirmAll(): Promise<readonly SummaryRow[]> {
    const own = (contestant: Contestant) => records.filter((r) => r.contestant === contestant);
    const preset = own("dlight")[0]?.config;
    const finalists = contestants.map((c) => finalistsOf(own(c), preset));
    const confirmed = await confirmUnlessStopped(
      signal,
      () => Promise.resolve(measurer && { func, target, measurer, records: finalists.flat(), rounds }),
    );
    const winners = new Map<Contestant, Confirmed | undefined>(contestants.map((c) => {
      const theirs = confirmed.filter(({ record }) => record.contestant === c);
      return [c, winnerOf(theirs, preset) ?? theirs[0]];
    }));
    return summaryOf(
      func,
      shapes,
      contestants.map((contestant): Outcome => {
        const trials = own(contestant), won = winners.get(contestant);
        return {
          contestant,
          rule: trials[0]?.rule ?? "",
          trials: trials.length,
          failed: trials.filter((r) => r.status !== "ok").length,
          seconds: Math.max(0, ...trials.map((r) => r.secondsSinceStart)),
          ...(won ? { won: { ...won.record, ...won } } : {}),
        };
      }),
    );
  }
}

type FixedContestant = "fallback" | "dlight";

/** Whether a contestant has one answer and needs no search. */
function isFixed(contestant: Contestant): contestant is FixedContestant {
  return contestant === "fallback" || contestant === "dlight";
}
