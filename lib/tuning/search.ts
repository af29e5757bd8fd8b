/** One search, step by step: several can share a budget in slices. */
import { type Budget, type BudgetSpent, checkBudget, limitReached, nextBatch } from "../autotvm/budget.ts";
import type { Tuner } from "../autotvm/tuner.ts";
import { unlessAborted } from "../base/cancellation.ts";
import * as dlight from "../dlight/schedule.ts";
import { leastMs } from "../estimate/roofline.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Measured, Measuring } from "../measure/measuring.ts";
import { RecordLog } from "../records/log.ts";
import type { TrialRecord } from "../records/record.ts";
import { type Confirmed, confirmUnlessStopped, finalistsOf } from "./confirm.ts";
import type { ConfirmOptions } from "./rounds.ts";
import { measuringOptions } from "./measuring_options.ts";
import { MeasuringSlot } from "./measuring_slot.ts";
import { PreparedAhead, type Ready } from "./prepare_ahead.ts";
import type { Progress as Shown, Reporter } from "./reporter.ts";
import type { SearchOptions } from "./search_options.ts";
import { SearchSpace } from "./search_space.ts";
import { progressOf, sinceBest } from "./search_state.ts";
import { fastestTrial, resumedTrials, scoreOf } from "./trials.ts";
import type { Trial } from "./trial.ts";
import { tunerFor } from "./tuner_for.ts";
import type { TunableDevice } from "./tunable_device.ts";
import { checkTask, isOf, logIdentityOf, trialRecordOf, type TuningTask } from "./tuning_task.ts";

/** The reason for the end of a search. */
export type Stopped = keyof Budget | "space" | "signal";

/** Points asked for at a time: enough for a plan, few enough for the model to learn between. */
const BATCH = 8;
/** Multiples of the incumbent's time, or of the roofline's bound while there is no incumbent. */
const LIMITS = { hopeless: 3, hopelessRoofline: 1000, hanging: 12 } as const;
/** Milliseconds that a stopped search waits for the current trial; most trials end within them. */
const GRACE_MS = 500;

/** The parts of a search. No part sees the options of another. */
interface Parts {
  readonly task: TuningTask;
  readonly space: SearchSpace;
  readonly budget: Budget;
  readonly tuner: Tuner;
  readonly log: RecordLog;
  readonly slot: MeasuringSlot;
  readonly reporter: Reporter | undefined;
  readonly signal: AbortSignal | undefined;
}

/** A candidate that is being measured, and the incumbent that it was sent with. */
interface Running {
  readonly ready: Ready;
  readonly measured: Promise<Measured>;
  readonly against: Trial | undefined;
}

/**
 * The search of one program's space on a device. While one candidate is measured, the next ones are planned, scheduled
 * and compiled by the driver. Requests to the tuner depend only on its results: the same seed and the same results give
 * the same sequence, independent of time. With several requests in flight the tuner gets the results in the order of the
 * requests, so that the sequence doesn't depend on which worker is the fastest.
 */
export class Search implements AsyncDisposable {
  readonly task: TuningTask;
  readonly #parts: Parts;
  readonly #trials: Trial[];
  readonly #leastMs: number | undefined;
  readonly #ahead: PreparedAhead;
  /** The incumbent, which others are interleaved with, and its time. */
  #incumbent: { readonly trial: Trial; readonly ms: number } | undefined;
  /** Seconds of earlier slices, also of an earlier process. */
  #spent: number;
  #busyMs = 0;
  #turnsMs = 0;

  private constructor(parts: Parts) {
    const { task, space, log, tuner, budget, signal } = this.#parts = parts;
    this.task = task;
    this.#trials = resumedTrials(log.records.filter((r) => isOf(task, r)), space);
    this.#spent = Math.max(0, ...this.#trials.map((t) => t.record.secondsSinceStart));
    const best = fastestTrial(this.#trials);
    if (best) this.#incumbent = { trial: best, ms: best.record.medianMs };
    const { func, target, shapes } = task;
    this.#leastMs = target.peaks && leastMs(func, shapes, target.peaks);
    tuner.tell(this.#trials.map(({ index, record }) => ({ index, score: scoreOf(record) })));
    this.#ahead = new PreparedAhead({
      ask: (pending) => {
        const trials = this.#trials.length + pending;
        const most = Math.min(BATCH, tuner.batch ?? BATCH);
        return tuner.ask(nextBatch(budget, { ...this.progress, trials }, most));
      },
      make: (index) => space.candidateAt(index),
      signal,
    });
  }

  /**
   * Reads the options and opens the log. `slot` is shared with other searches of the program.
   *
   * @throws {TunerError} for a budget without a limit or an unknown tuner
   * @throws {IrError} for a shape variable without a value
   * @throws {RecordError} for a log that the search can't continue
   */
  static async open(
    func: PrimFunc,
    device: TunableDevice,
    options: SearchOptions,
    slot?: MeasuringSlot,
  ): Promise<Search> {
    const { budget, start = "preset", seed = 0, tuner = "portfolio" } = options;
    checkBudget(budget);
    const shapes = checkTask(func, options.shapes ?? {}, seed);
    if (budget.until !== undefined) await device.probe();
    const { target } = device;
    const { rule, template } = options.template
      ? { rule: options.template.name || "template", template: options.template }
      : dlight.match(func, target);
    const method = options.method ?? (start === "preset" ? "autotvm+dlight" : "autotvm");
    const task: TuningTask = { func, target, shapes, seed, method, rule, tuner, start };
    const space = new SearchSpace(func, template, options.narrowing);
    const log = options.path === undefined
      ? RecordLog.memory()
      : await RecordLog.open(options.path, logIdentityOf(task));
    try {
      return new Search({
        task,
        space,
        budget,
        tuner: tunerFor(task, space, budget, options.history),
        log,
        slot: slot ??
          new MeasuringSlot(measuringOptions(task, options), options.open ?? device.openMeasuring),
        reporter: options.reporter,
        signal: options.signal,
      });
    } catch (e) {
      log[Symbol.dispose]();
      throw e;
    }
  }

  /** All trials of this search in order, resumed ones included. */
  get trials(): readonly Trial[] {
    return this.#trials;
  }

  /** Their records. */
  get records(): readonly TrialRecord[] {
    return this.#trials.map((t) => t.record);
  }

  get space(): SearchSpace["space"] {
    return this.#parts.space.space;
  }

  /** Ends the measuring process until the next slice; many searches share a machine's memory. */
  async rest(): Promise<void> {
    await this.#parts.slot.close();
  }

  /** Re-measures the best trials and the preset, interleaved. Returns none if it is stopped. */
  async confirm(options: ConfirmOptions): Promise<readonly Confirmed[]> {
    const { slot, signal } = this.#parts;
    await this.report(signal?.aborted ? "stopping" : "confirming");
    return await confirmUnlessStopped(signal, slot, finalistsOf(this.#trials), options);
  }

  /** Shows how it ended. */
  async end(stopped: Stopped | undefined): Promise<void> {
    await this.report(stopped === "signal" ? "stopped" : "done");
    await this.#parts.reporter?.done();
  }

  /** Shows the search's progress. */
  async report(stage?: Shown["stage"]): Promise<void> {
    const { reporter, task, budget } = this.#parts;
    const state = progressOf(task, this.records, budget, this.#spent);
    await reporter?.update(stage === undefined ? state : { ...state, stage });
  }

  /** The share of its time in which a candidate was compiled, run or checked; NaN before the first. */
  get measuringShare(): number {
    return this.#busyMs / this.#turnsMs;
  }

  /** Requests that its device takes at one time; 1 until it is open. */
  get inFlight(): number {
    return this.#parts.slot.inFlight;
  }

  get progress(): BudgetSpent {
    const best = fastestTrial(this.#trials)?.record;
    return {
      trials: this.#trials.length,
      seconds: this.#spent,
      trialsSinceBest: sinceBest(this.records),
      ...(best && this.#leastMs !== undefined ? { roofline: this.#leastMs / best.medianMs } : {}),
    };
  }

  /**
   * Continues until the budget is spent, the space is exhausted, or the signal is aborted. After `most` further points it
   * pauses and returns undefined.
   *
   * @throws {RecordError} if a trial can't be written, as on a full disk; those before it are kept
   */
  async run(most = Infinity): Promise<Stopped | undefined> {
    const { signal, slot, budget } = this.#parts;
    const measuring = await slot.take(signal);
    if (!measuring) return "signal";
    const begin = performance.now(), before = this.#spent, busyBefore = slot.busyMs;
    const clock = () => void (this.#spent = before + (performance.now() - begin) / 1000);
    const end = Math.min(this.#trials.length + most, budget.trials ?? Infinity);
    const running: Running[] = [];
    try {
      while (true) {
        clock();
        const stopped = signal?.aborted ? "signal" : limitReached(budget, this.progress);
        if (stopped) return stopped;
        if (this.#trials.length >= end) return undefined;
        this.#startMore(running, measuring, end - this.#trials.length);
        const [first] = running;
        if (!first) return "space";
        const measuredSoon = unlessAborted(first.measured, signal, GRACE_MS);
        await this.#ahead.prepareWhile(measuredSoon, measuring, running.length);
        const measured = await measuredSoon;
        clock();
        if (!measured) continue;
        running.shift();
        this.#record(first, measured, measuring.inFlight ?? 1);
        await this.report();
      }
    } finally {
      for (const { ready } of running.toReversed()) this.#ahead.putBack(ready);
      if (running.length > 0) await measuring.abandon();
      clock();
      this.#busyMs += slot.busyMs - busyBefore;
      this.#turnsMs += performance.now() - begin;
    }
  }

  /** Starts requests until the device is busy, up to `most`. The first incumbent is measured alone: others relate to it. */
  #startMore(running: Running[], measuring: Measuring, most: number): void {
    const width = Math.min(most, this.#incumbent ? measuring.inFlight ?? 1 : 1);
    while (running.length < width) {
      const ready = this.#ahead.next(running.length);
      if (!ready) return;
      const measured = this.#measure(measuring, ready);
      // The failure of a later request is reported when its result is due.
      measured.catch(() => {});
      running.push({ ready, measured, against: this.#incumbent?.trial });
    }
  }

  async #measure(measuring: Measuring, { candidate }: Ready): Promise<Measured> {
    if ("status" in candidate) return { measurement: candidate, promoted: false };
    const known = this.#incumbent?.trial.candidate;
    return await measuring.measure({
      candidate,
      adaptive: true,
      limits: LIMITS,
      ...(known ? { incumbent: { candidate: known, ms: this.#incumbent?.ms as number } } : {}),
    });
  }

  #record(
    { ready: { index, candidate }, against }: Running,
    { measurement, promoted, worker }: Measured,
    inFlight: number,
  ): void {
    const { space, log, tuner } = this.#parts;
    const made = "status" in candidate ? undefined : candidate;
    const record = trialRecordOf(this.task, {
      trial: this.#trials.length,
      config: space.space.at(index),
      candidate: made,
      measurement,
      seconds: this.#spent,
      worker,
      inFlight,
    });
    log.append([record]);
    const trial: Trial = { record, index, preset: index === space.preset, candidate: made };
    this.#trials.push(trial);
    const held = this.#incumbent;
    // Another incumbent may have come since it was sent: then the faster of the two stays.
    if (promoted && (held?.trial === against || !(held && held.ms <= record.medianMs))) {
      this.#incumbent = { trial, ms: record.medianMs };
    }
    tuner.tell([{ index, score: scoreOf(record) }]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#parts.log[Symbol.dispose]();
    await this.rest();
  }
}
