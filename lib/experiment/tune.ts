import { type Budget, checkBudget, limitReached, nextBatch } from "../autotvm/budget.ts";
import { createTuner, type TunerName } from "../autotvm/create_tuner.ts";
import { loopFeatures } from "../autotvm/features.ts";
import type { Told } from "../autotvm/tuner.ts";
import * as dlight from "../dlight/schedule.ts";
import { TunebookError } from "../ir/error.ts";
import { fingerprint } from "../ir/fingerprint.ts";
import type { PrimFunc } from "../ir/func.ts";
import { Measurer } from "../measure/measurer.ts";
import type { Measurement } from "../measure/measurement.ts";
import { bestOf, fastest } from "../records/best.ts";
import { RecordError } from "../records/error.ts";
import { RecordLog } from "../records/log.ts";
import type { TrialRecord } from "../records/record.ts";
import { recordsToTable } from "../records/table.ts";
import { Chart } from "../report/chart.ts";
import { bestSoFar } from "../report/charts.ts";
import { inCell, shownAs } from "../report/jupyter.ts";
import type { Reporter } from "../report/live.ts";
import type { Shapes } from "../runtime/arguments.ts";
import type { Device } from "../runtime/device.ts";
import type { ConfigSpace } from "../space/config_space.ts";
import { SpaceError } from "../space/error.ts";
import { spaceOf, type Template } from "../space/template.ts";
import { type Candidate, candidateAt, scheduleAt } from "./candidate.ts";
import { checkSubject, identityOf, isOf, recordOf, type Subject, taskOf } from "./subject.ts";

export interface TuneOptions extends Budget {
  readonly device: Device;
  /** Default "xgb". */
  readonly tuner?: TunerName;
  /** Begin with the rule's point and its neighbourhood (default), or knowing nothing. */
  readonly start?: "preset" | "scratch";
  /** Of the search and of the inputs that results are checked on. Default 0. */
  readonly seed?: number;
  /** Arrow stream file that the trials are appended to, and from which a killed run goes on. */
  readonly path?: string;
  /** The space; default: that of the DLight rule that matches. */
  readonly template?: Template;
  /** Values of the shape variables to measure with. */
  readonly shapes?: Shapes;
  /** Longest time for one candidate, milliseconds. Default 30,000; less once a good candidate is known. */
  readonly deadlineMs?: number;
  /** Ends the search after the trial at hand. */
  readonly signal?: AbortSignal;
  /** Is shown how far the search is. */
  readonly reporter?: Reporter;
  /** What the records call this search. Default "autotvm+dlight" from the preset, "autotvm" from scratch. */
  readonly contestant?: string;
  /** A measuring process to share; it must be open for the same program, shapes and seed. */
  readonly measurer?: Measurer;
}

export interface TuneLog {
  /** The trials of this search, resumed ones included, in order. */
  readonly records: readonly TrialRecord[];
  /** The best checked record. */
  readonly best: TrialRecord;
  readonly space: ConfigSpace;
  /** What ended the search. */
  readonly stopped: keyof Budget | "space" | "signal";
}

/** Points asked for at a time: enough for a plan, few enough for the model to learn between. */
const BATCH = 8;
/** A candidate this many times slower than the best gets one sample. */
const HOPELESS = 3;
/** One that takes longer than a long compilation and this many of the best's runs is taken to hang. */
const HANGING = 12;
const COMPILE_MS = 4000;

/**
 * Searches a program's space on a device. Every candidate is checked against the reference and recorded;
 * with `path`, a run that was killed goes on from its records, no trial lost or repeated.
 *
 * @throws {TunerError} for a budget without a limit or an unknown tuner
 * @throws {IrError} for a shape variable without a value
 * @throws {RecordError} for a log that can't be gone on with, or a search in which no candidate ran
 */
export async function tune(func: PrimFunc, options: TuneOptions): Promise<TuneLog> {
  const { records, space, stopped } = await search(func, options);
  const best = bestOf(records);
  const chart = () => new Chart(bestSoFar(recordsToTable(records), { title: best.task }));
  return shownAs({ records, best, space, stopped }, () => chart()[inCell]());
}

/** `tune`, for whom a search in which no candidate ran is an outcome too. */
export async function search(func: PrimFunc, options: TuneOptions): Promise<Omit<TuneLog, "best">> {
  checkBudget(options);
  const { device, tuner: tunerName = "xgb", start = "preset", seed = 0 } = options;
  const shapes = checkSubject(func, options.shapes ?? {}, seed);
  const contestant = options.contestant ?? (start === "preset" ? "autotvm+dlight" : "autotvm");
  const matched = options.template ? undefined : dlight.match(func, device.target);
  const template = options.template ?? matched?.template as Template;
  const space = spaceOf(func, template);
  const subject: Subject = {
    func,
    target: device.target,
    shapes,
    seed,
    contestant,
    rule: matched?.rule ?? "template",
    tuner: tunerName,
    start,
  };

  using log = options.path === undefined
    ? RecordLog.memory()
    : await RecordLog.open(options.path, identityOf(subject));
  const earlier = log.records.filter((r) => isOf(subject, r));
  const records: TrialRecord[] = [...earlier];

  const scheduled = new Memo((index: number) => scheduleAt(func, template, space, space.at(index)));
  const tuner = createTuner(tunerName, {
    space,
    seed,
    start,
    valid: (index) => scheduled.of(index) !== undefined,
    features: (index) => {
      const schedule = scheduled.of(index);
      return schedule && loopFeatures(schedule.func);
    },
    ...(options.trials === undefined ? {} : { trials: options.trials }),
  });
  tuner.tell(earlier.map((r) => told(r, space)));

  if (options.measurer) checkMeasurer(options.measurer, subject);
  const own = options.measurer ? undefined : await Measurer.open({
    prefer: device.target.kind,
    func,
    shapes,
    seed,
    ...(options.deadlineMs === undefined ? {} : { deadlineMs: options.deadlineMs }),
  });
  const measurer = options.measurer ?? own as Measurer;
  await using _closed = own ?? { [Symbol.asyncDispose]: () => Promise.resolve() };
  const before = Math.max(0, ...earlier.map((r) => r.secondsSinceStart));
  const begin = performance.now();
  const seconds = () => before + (performance.now() - begin) / 1000;

  const progress = () => ({
    trials: records.length,
    seconds: seconds(),
    trialsSinceBest: sinceBest(records),
  });
  const finish = async (
    index: number,
    candidate: Candidate,
    measured: Promise<Measurement>,
  ): Promise<void> => {
    const record = recordOf(subject, {
      trial: records.length,
      config: space.at(index),
      candidate,
      measurement: await measured,
      seconds: seconds(),
    });
    log.append([record]);
    records.push(record);
    tuner.tell([{ index, score: scoreOf(record) }]);
    await options.reporter?.update(stateOf(subject, records, options, seconds()));
  };

  let stopped: TuneLog["stopped"] | undefined;
  while (stopped === undefined) {
    stopped = limitReached(options, progress()) ?? (options.signal?.aborted ? "signal" : undefined);
    if (stopped) break;
    const plan = tuner.ask(nextBatch(options, progress(), BATCH));
    if (plan.length === 0) stopped = "space";
    // While one candidate is being measured, the next one is compiled here.
    let running: { index: number; candidate: Candidate; measured: Promise<Measurement> } | undefined;
    for (const index of plan) {
      const candidate = candidateAt(func, template, space, space.at(index), device.target);
      if (running) await finish(running.index, running.candidate, running.measured);
      running = undefined;
      if (options.signal?.aborted || (records.length > 0 && limitReached(options, progress()))) break;
      running = { index, candidate, measured: measured(measurer, candidate, records) };
      // Without a turn of the event loop the request would leave only after the next compilation.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    if (running) await finish(running.index, running.candidate, running.measured);
  }
  return { records, space, stopped };
}

function measured(
  measurer: Measurer,
  { outcome }: Candidate,
  records: readonly TrialRecord[],
): Promise<Measurement> {
  if ("status" in outcome) return Promise.resolve(outcome);
  const best = fastest(records)?.medianMs;
  if (best === undefined) return measurer.measure(outcome);
  return measurer.measure(outcome, { dropAboveMs: best * HOPELESS }, COMPILE_MS + best * HANGING);
}

/** Higher is better; programs without arithmetic are scored by their traffic. */
function scoreOf(r: TrialRecord): number | undefined {
  return r.status === "ok" ? (r.gflops > 0 ? r.gflops : r.gbps) : undefined;
}

/** @throws {RecordError} for a record whose configuration is none of the space */
function told(r: TrialRecord, space: ConfigSpace): Told {
  try {
    return { index: space.indexOf(JSON.parse(r.config)), score: scoreOf(r) };
  } catch (e) {
    if (!(e instanceof SpaceError)) throw e;
    throw new RecordError(
      `cannot go on from trial ${r.trial} of ${r.contestant}, as the space was another then (${e.message}); ` +
        `choose another path`,
    );
  }
}

/** @throws {TunebookError} if the measurer would check candidates against something else */
function checkMeasurer({ options: { func, prefer, shapes = {}, seed = 0 } }: Measurer, s: Subject): void {
  const theirs = `${taskOf(func, checkSubject(func, shapes, seed))} on ${prefer} with seed ${seed}`;
  const ours = `${taskOf(s.func, s.shapes)} on ${s.target.kind} with seed ${s.seed}`;
  if (theirs === ours && fingerprint(func) === fingerprint(s.func)) return;
  throw new TunebookError(
    `cannot search ${ours} with a measurer for ${theirs}: open one for the same program, shapes and seed`,
  );
}

function sinceBest(records: readonly TrialRecord[]): number {
  let best = Infinity, at = -1;
  records.forEach((r, k) => {
    if (r.status !== "ok" || !(r.medianMs < best)) return;
    best = r.medianMs;
    at = k;
  });
  return records.length - 1 - at;
}

/** How far a search is, for a reporter. */
export function stateOf(
  subject: Pick<Subject, "func" | "contestant">,
  records: readonly TrialRecord[],
  budget: Budget,
  secondsSpent: number,
) {
  const best = fastest(records);
  return {
    task: subject.func.name,
    contestant: subject.contestant,
    trials: records.length,
    failed: records.filter((r) => r.status !== "ok").length,
    secondsSpent,
    ...(best ? { bestGflops: best.gflops, bestGbps: best.gbps, bestMs: best.medianMs } : {}),
    ...(budget.seconds === undefined ? {} : { secondsTotal: budget.seconds }),
    ...(budget.trials === undefined ? {} : { trialsTotal: budget.trials }),
  };
}

/** Remembers the last few hundred answers of a function of an index. */
class Memo<T> {
  readonly #known = new Map<number, T>();

  constructor(readonly make: (index: number) => T) {}

  of(index: number): T {
    let value = this.#known.get(index);
    if (value === undefined && !this.#known.has(index)) {
      value = this.make(index);
      this.#known.set(index, value);
      if (this.#known.size > 256) this.#known.delete(this.#known.keys().next().value as number);
    }
    return value as T;
  }
}
