/** The task of a search, and its records. */
import { TunebookError } from "../base/error.ts";
import { flopsOf, trafficOf } from "../estimate/work.ts";
import { fingerprint } from "../ir/fingerprint.ts";
import type { PrimFunc } from "../ir/func.ts";
import { funcToJson } from "../ir/func_json.ts";
import { solveShapes } from "../ir/shapes.ts";
import { type Measurement, msOf } from "../measure/measurement.ts";
import type { Candidate } from "../measure/measuring.ts";
import type { LogIdentity } from "../records/log.ts";
import type { TrialRecord } from "../records/record.ts";
import { taskOf } from "../records/task.ts";
import type { Shapes } from "../ir/shapes.ts";
import type { Config } from "../space/knobs.ts";
import type { Target } from "../target/target.ts";

/** One program on one device, and the method that tunes it. */
export interface TuningTask {
  readonly func: PrimFunc;
  readonly target: Target;
  /** Values of all shape variables. */
  readonly shapes: Shapes;
  readonly seed: number;
  /** The method's name, as records hold it in `contestant`. */
  readonly method: string;
  readonly rule: string;
  readonly tuner: string;
  readonly start: string;
}

/**
 * The values of all shape variables; checks the seed.
 *
 * @throws {IrError} for a shape variable without a value
 * @throws {TunebookError} for a seed that is not a 32-bit integer
 */
export function checkTask(func: PrimFunc, shapes: Shapes, seed: number): Shapes {
  if (seed !== (seed | 0)) throw new TunebookError(`expected seed to be a 32-bit integer, got ${seed}`);
  return solveShapes(func, () => undefined, shapes);
}

/** The subject of a log file: one program, with its shapes, on one target. */
export function logIdentityOf(task: TuningTask): LogIdentity {
  return {
    task: taskOf(task.func, task.shapes),
    fingerprint: fingerprint(task.func),
    target: JSON.stringify(task.target),
  };
}

/** Tells whether a record belongs to this search. */
export function isOf(task: TuningTask, r: TrialRecord): boolean {
  return r.contestant === task.method && r.rule === task.rule && r.tuner === task.tuner &&
    r.start === task.start && r.seed === task.seed;
}

/** Makes the record of a candidate and its measurement. */
export function trialRecordOf(
  task: TuningTask,
  t: {
    readonly trial: number;
    readonly config: Config;
    readonly candidate: Candidate | undefined;
    readonly measurement: Measurement;
    readonly seconds: number;
    /** The worker that measured it. Default: this machine. */
    readonly worker?: string | undefined;
    /** Requests in flight at one time. Default 1. */
    readonly inFlight?: number;
  },
): TrialRecord {
  const m = t.measurement;
  const ms = m.status === "ok" ? msOf(m) : NaN;
  return {
    ...logIdentityOf(task),
    program: JSON.stringify(funcToJson(task.func)),
    adapter: task.target.name,
    contestant: task.method,
    rule: task.rule,
    tuner: task.tuner,
    start: task.start,
    seed: task.seed,
    trial: t.trial,
    config: JSON.stringify(t.config),
    trace: t.candidate && "trace" in t.candidate ? JSON.stringify(t.candidate.trace) : "",
    status: m.status,
    message: m.status === "ok" ? "" : m.message,
    samples: m.status === "ok" ? m.samples : [],
    againstMs: m.status === "ok" && m.against ? m.against.ms : NaN,
    againstSamples: m.status === "ok" && m.against ? m.against.samples : [],
    clock: m.status === "ok" ? m.clock : task.target.clock,
    medianMs: ms,
    gflops: flopsOf(task.func, task.shapes) / ms / 1e6,
    gbps: trafficOf(task.func, task.shapes) / ms / 1e6,
    maxError: m.status === "ok" ? m.maxError : NaN,
    compileMs: m.compileMs,
    worker: t.worker ?? "",
    inFlight: t.inFlight ?? 1,
    secondsSinceStart: t.seconds,
    time: Date.now(),
  };
}
