/** One search, step by step: several may share a budget by taking turns. */
import * as dlight from "../dlight/schedule.ts";
import { type Budget, checkBudget, limitReached, nextBatch, type Progress } from "../autotvm/budget.ts";
import { createTuner, type TunerName } from "../autotvm/create_tuner.ts";
import { loopFeatures } from "../autotvm/features.ts";
import { estimatedNs } from "../estimate/time.ts";
import { compile } from "../codegen/compile.ts";
import type { Told, Tuner } from "../autotvm/tuner.ts";
import { TunebookError } from "../base/error.ts";
import { fingerprint } from "../ir/fingerprint.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Measurement } from "../measure/measurement.ts";
import { median } from "../base/statistics.ts";
import type { Measurer } from "../measure/measurer.ts";
import { fastest } from "../records/best.ts";
import { configOf } from "../records/config.ts";
import { RecordError } from "../records/error.ts";
import { RecordLog } from "../records/log.ts";
import type { TrialRecord } from "../records/record.ts";
import { unlessAborted } from "../base/cancellation.ts";
import type { Progress as Shown, Reporter } from "./reporter.ts";
import type { Shapes } from "../runtime/arguments.ts";
import type { Device } from "../runtime/device.ts";
import { replay } from "../schedule/trace.ts";
import type { ConfigSpace } from "../space/config_space.ts";
import { SpaceError } from "../space/error.ts";
import { narrow, type Narrowing } from "../space/narrow.ts";
import { spaceOf, type Template } from "../space/template.ts";
import { type Candidate, candidateAt, scheduleAt } from "./candidate.ts";
import { priorFrom } from "./history.ts";
import { leastMs } from "../estimate/roofline.ts";
import { type Confirmed, confirmUnlessStopped, finalistsOf } from "./confirm.ts";
import { openMeasurer } from "./open_measurer.ts";
import { PreparedAhead, type Ready } from "./prepare_ahead.ts";
import { sinceBest, stateOf } from "./search_state.ts";
import { checkSubject, identityOf, isOf, recordOf, type Subject, taskOf } from "./tuning_task.ts";

export interface SearchOptions extends Budget {
  readonly device: Device;
  /** Default "portfolio". */
  readonly tuner?: TunerName;
  /** Begin with the rule's point and its neighbourhood (default), or knowing nothing. */
  readonly start?: "preset" | "scratch";
  /** Of the search and of the inputs that results are checked on. Default 0. */
  readonly seed?: number;
  /** Arrow stream file that the trials are appended to, and from which a killed run goes on. */
  readonly path?: string;
  /** The space; default: that of the DLight rule that matches. Its name is what records call it. */
  readonly template?: Template;
  /** The values that some of its knobs may take; default: all. */
  readonly narrowing?: Narrowing;
  /** Values of the shape variables to measure with. */
  readonly shapes?: Shapes;
  /** Longest time for one candidate, milliseconds. Default 30,000; less once a good candidate is known. */
  readonly deadlineMs?: number;
  /** Records of other searches, which models begin with as far as they prove right: other shapes, other devices. */
  readonly history?: readonly TrialRecord[];
  /** Ends the search within a second, after the trial at hand where it takes no longer. Jupyter's interrupt does so, too. */
  readonly signal?: AbortSignal;
  /** Is shown how far the search is. */
  readonly reporter?: Reporter;
  /** What the records call this search. Default "autotvm+dlight" from the preset, "autotvm" from scratch. */
  readonly contestant?: string;
  /** A measuring process to share; it must be open for the same program, shapes and seed. */
  readonly measurer?: Measurer;
}

/** What ended a search, or a turn of it. */
export type Stopped = keyof Budget | "space" | "signal";

/** Points asked for at a time: enough for a plan, few enough for the model to learn between. */
const BATCH = 8;
/** A candidate this many times slower than the best gets one sample. */
const HOPELESS = 3;
/** So does one that takes this many times what the device's peaks allow at least, while nothing better is known. */
const HOPELESS_ROOFLINE = 1000;
/** One that takes longer than a long compilation and this many of the best's runs is taken to hang. */
const HANGING = 12;
/** A long compilation: so many milliseconds, or so many times what it usually takes on a machine that is busy or slow. */
const COMPILE_MS = 4000;
const LONG = 20;
/** A search that is stopped waits so long for the trial at hand, which most end in, milliseconds. */
const GRACE_MS = 500;

/**
 * The search of one program's space on a device. While one candidate is measured, the next ones are planned,
 * compiled and handed to the driver's compiler. What is asked of the tuner depends on what it was told alone, so
 * that the same seed and the same answers give the same sequence, however long either side took.
 */
export class Search implements AsyncDisposable {
  readonly subject: Subject;
  readonly space: ConfigSpace;
  readonly template: Template;
  readonly #options: SearchOptions;
  readonly #log: RecordLog;
  readonly #tuner: Tuner;
  #measurer: Measurer | undefined;
  readonly #records: TrialRecord[];
  readonly #leastMs: number | undefined;
  readonly #ahead: PreparedAhead;
  /** Seconds of the turns before, also of an earlier process's. */
  #spent: number;
  #busyMs = 0;
  #turnsMs = 0;

  private constructor(of: {
    readonly subject: Subject;
    readonly space: ConfigSpace;
    readonly template: Template;
    readonly options: SearchOptions;
    readonly log: RecordLog;
    readonly tuner: Tuner;
  }) {
    this.subject = of.subject;
    this.space = of.space;
    this.template = of.template;
    this.#options = of.options;
    this.#log = of.log;
    this.#tuner = of.tuner;
    this.#records = of.log.records.filter((r) => isOf(of.subject, r));
    this.#spent = Math.max(0, ...this.#records.map((r) => r.secondsSinceStart));
    const { func, target, shapes } = of.subject;
    this.#leastMs = target.peaks && leastMs(func, shapes, target.peaks);
    this.#tuner.tell(this.#records.map((r) => told(r, of.space)));
    this.#ahead = new PreparedAhead({
      ask: (pending) => {
        const trials = this.#records.length + pending;
        return this.#tuner.ask(nextBatch(of.options, { ...this.progress, trials }, BATCH));
      },
      make: (index) => candidateAt(func, of.template, of.space, of.space.at(index), target),
      signal: of.options.signal,
    });
  }

  /**
   * @throws {TunerError} for a budget without a limit or an unknown tuner
   * @throws {IrError} for a shape variable without a value
   * @throws {RecordError} for a log that can't be gone on with
   */
  static async open(func: PrimFunc, options: SearchOptions): Promise<Search> {
    checkBudget(options);
    const { device, tuner: tunerName = "portfolio", start = "preset", seed = 0 } = options;
    const shapes = checkSubject(func, options.shapes ?? {}, seed);
    if (options.until !== undefined) await device.probe();
    const { rule, template } = options.template
      ? { rule: options.template.name || "template", template: options.template }
      : dlight.match(func, device.target);
    const space = narrow(spaceOf(func, template), options.narrowing ?? {});
    const subject: Subject = {
      func,
      target: device.target,
      shapes,
      seed,
      contestant: options.contestant ?? (start === "preset" ? "autotvm+dlight" : "autotvm"),
      rule,
      tuner: tunerName,
      start,
    };
    const scheduled = new Memo((index: number) => scheduleAt(func, template, space, space.at(index)));
    const prior = options.history && priorFrom(options.history);
    const tuner = createTuner(tunerName, {
      space,
      ...(prior ? { prior } : {}),
      seed,
      start,
      valid: (index) => scheduled.of(index) !== undefined,
      features: (index) => {
        const schedule = scheduled.of(index);
        return schedule && loopFeatures(schedule.func, device.target);
      },
      estimate: (index) => {
        const schedule = scheduled.of(index);
        return schedule && estimatedNs(schedule.func, device.target);
      },
      ...(options.trials === undefined ? {} : { trials: options.trials }),
    });
    if (options.measurer) checkMeasurer(options.measurer, subject);
    const log = options.path === undefined
      ? RecordLog.memory()
      : await RecordLog.open(options.path, identityOf(subject));
    try {
      return new Search({ subject, space, template, options, log, tuner });
    } catch (e) {
      log[Symbol.dispose]();
      throw e;
    }
  }

  /** All trials of this search, resumed ones included, in order. */
  get records(): readonly TrialRecord[] {
    return this.#records;
  }

  /** The process that measures, unless stopped before; it is told of the best so far where it has to be started. */
  async #open(signal: AbortSignal | undefined): Promise<Measurer | undefined> {
    const options = this.#options;
    const { func, shapes, seed, target } = this.subject;
    if (options.measurer) return options.measurer;
    if (this.#measurer) return this.#measurer;
    const best = fastest(this.#records);
    return this.#measurer = await openMeasurer(target, {
      func,
      shapes,
      seed,
      ...(options.deadlineMs === undefined ? {} : { deadlineMs: options.deadlineMs }),
      ...(best
        ? { incumbent: { executable: compile(replay(func, best.trace), target), ms: best.medianMs } }
        : {}),
    }, signal);
  }

  /** Ends the measuring process until the next turn, where many searches share a machine's memory. */
  async rest(): Promise<void> {
    const measurer = this.#measurer;
    this.#measurer = undefined;
    await measurer?.[Symbol.asyncDispose]();
  }

  /** The best few and the preset, measured again in turn; none where that is stopped. */
  async confirm(rounds: number): Promise<readonly Confirmed[]> {
    const { func, target } = this.subject;
    await this.report("confirming");
    return await confirmUnlessStopped(this.#options.signal, async (signal) => {
      const measurer = await this.#open(signal);
      return measurer && { func, target, measurer, records: finalistsOf(this.#records, this.preset), rounds };
    });
  }

  /** Shows how it ended. */
  async end(stopped: Stopped | undefined): Promise<void> {
    await this.report(stopped === "signal" ? "stopped" : "done");
    await this.#options.reporter?.done();
  }

  /** Shows how far this is. */
  async report(stage?: Shown["stage"]): Promise<void> {
    const state = stateOf(this.subject, this.#records, this.#options, this.#spent);
    await this.#options.reporter?.update(stage === undefined ? state : { ...state, stage });
  }

  /** The rule's own configuration, as records hold it. */
  get preset(): string {
    return JSON.stringify(this.space.at(this.space.preset));
  }

  /** The share of its time in which a candidate was being compiled by the driver, run or checked; NaN before the first. */
  get measuringShare(): number {
    return this.#busyMs / this.#turnsMs;
  }

  get progress(): Progress {
    const best = fastest(this.#records);
    return {
      trials: this.#records.length,
      seconds: this.#spent,
      trialsSinceBest: sinceBest(this.#records),
      ...(best && this.#leastMs !== undefined ? { roofline: this.#leastMs / best.medianMs } : {}),
    };
  }

  /**
   * Goes on until the budget is spent, the space or the signal ends it, or `most` further points are measured
   * (undefined is returned then).
   *
   * @throws {RecordError} if a trial can't be written, as on a full disk; those before it are kept
   */
  async run(most = Infinity): Promise<Stopped | undefined> {
    const { signal } = this.#options;
    const measurer = await this.#open(signal);
    if (!measurer) return "signal";
    const begin = performance.now(), before = this.#spent, busyBefore = measurer.busyMs;
    const clock = () => void (this.#spent = before + (performance.now() - begin) / 1000);
    const end = this.#records.length + most;
    try {
      while (true) {
        clock();
        const stopped = signal?.aborted ? "signal" : limitReached(this.#options, this.progress);
        if (stopped) return stopped;
        if (this.#records.length >= end) return undefined;
        const next = this.#ahead.next();
        if (!next) return "space";
        const measured = unlessAborted(this.#measure(measurer, next.candidate), signal, GRACE_MS);
        await this.#ahead.prepareWhile(measured, measurer);
        const measurement = await measured;
        clock();
        if (measurement) {
          this.#record(next, measurement);
          await this.report();
        } else {
          this.#ahead.putBack(next);
          await measurer.abandon();
        }
      }
    } finally {
      clock();
      this.#busyMs += measurer.busyMs - busyBefore;
      this.#turnsMs += performance.now() - begin;
    }
  }

  #measure(measurer: Measurer, { outcome }: Candidate): Promise<Measurement> {
    if ("status" in outcome) return Promise.resolve(outcome);
    const best = fastest(this.#records)?.medianMs;
    const hopeless = best !== undefined
      ? best * HOPELESS
      : this.#leastMs !== undefined
      ? this.#leastMs * HOPELESS_ROOFLINE
      : undefined;
    return measurer.measure(
      outcome,
      { adaptive: true, ...(hopeless === undefined ? {} : { dropAboveMs: hopeless }) },
      best === undefined ? Infinity : Math.max(COMPILE_MS, LONG * this.#usualCompileMs()) + best * HANGING,
    );
  }

  #usualCompileMs(): number {
    return median(this.#records.filter((r) => r.status === "ok").map((r) => r.compileMs));
  }

  #record({ index, candidate }: Ready, measurement: Measurement): void {
    const record = recordOf(this.subject, {
      trial: this.#records.length,
      config: this.space.at(index),
      candidate,
      measurement,
      seconds: this.#spent,
    });
    this.#log.append([record]);
    this.#records.push(record);
    this.#tuner.tell([{ index, score: scoreOf(record) }]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#log[Symbol.dispose]();
    await this.rest();
  }
}

/** Higher is better; programs without arithmetic are scored by their traffic. */
function scoreOf(r: TrialRecord): number | undefined {
  return r.status === "ok" ? (r.gflops > 0 ? r.gflops : r.gbps) : undefined;
}

/** @throws {RecordError} for a record whose configuration is none of the space */
function told(r: TrialRecord, space: ConfigSpace): Told {
  try {
    return { index: space.indexOf(configOf(r.config)), score: scoreOf(r) };
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
