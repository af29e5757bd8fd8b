/** What is being tuned, and the records that say so. */
import { flopsOf, trafficOf } from "../estimate/work.ts";
import { TunebookError } from "../base/error.ts";
import { fingerprint } from "../ir/fingerprint.ts";
import type { PrimFunc } from "../ir/func.ts";
import { funcToJson } from "../ir/func_json.ts";
import { solveShapes } from "../ir/shapes.ts";
import { type Measurement, msOf } from "../measure/measurement.ts";
import type { LogIdentity } from "../records/log.ts";
import type { TrialRecord } from "../records/record.ts";
import { taskOf } from "../records/task.ts";
import type { Shapes } from "../runtime/arguments.ts";
import type { Config } from "../space/knobs.ts";
import type { Target } from "../target/target.ts";
import type { Candidate } from "./candidate.ts";

export { taskOf };

export interface Subject {
  readonly func: PrimFunc;
  readonly target: Target;
  readonly shapes: Shapes;
  readonly seed: number;
  readonly contestant: string;
  readonly rule: string;
  readonly tuner: string;
  readonly start: string;
}

/**
 * The values of all shape variables, and a seed that a record can hold.
 *
 * @throws {TunebookError} for a shape variable without a value, or a seed that is no integer of 32 bits
 */
export function checkSubject(func: PrimFunc, shapes: Shapes, seed: number): Shapes {
  if (seed !== (seed | 0)) {
    throw new TunebookError(`cannot search with seed ${seed}: it is an integer of 32 bits`);
  }
  return solveShapes(func, () => undefined, shapes);
}

/** What a log file is about: one program, with its shapes, on one target. */
export function identityOf(s: Subject): LogIdentity {
  return {
    task: taskOf(s.func, s.shapes),
    fingerprint: fingerprint(s.func),
    target: JSON.stringify(s.target),
  };
}

/** Whether a record is of this very search. */
export function isOf(s: Subject, r: TrialRecord): boolean {
  return r.contestant === s.contestant && r.rule === s.rule && r.tuner === s.tuner && r.start === s.start &&
    r.seed === s.seed;
}

/** What was tried and what came of it, as a record. */
export function recordOf(
  s: Subject,
  t: {
    readonly trial: number;
    readonly config: Config;
    readonly candidate: Candidate;
    readonly measurement: Measurement;
    readonly seconds: number;
  },
): TrialRecord {
  const m = t.measurement;
  const ms = m.status === "ok" ? msOf(m) : NaN;
  return {
    ...identityOf(s),
    program: JSON.stringify(funcToJson(s.func)),
    adapter: s.target.name,
    contestant: s.contestant,
    rule: s.rule,
    tuner: s.tuner,
    start: s.start,
    seed: s.seed,
    trial: t.trial,
    config: JSON.stringify(t.config),
    trace: t.candidate.trace ? JSON.stringify(t.candidate.trace) : "",
    status: m.status,
    message: m.status === "ok" ? "" : m.message,
    samples: m.status === "ok" ? m.samples : [],
    againstMs: m.status === "ok" && m.against ? m.against.ms : NaN,
    againstSamples: m.status === "ok" && m.against ? m.against.samples : [],
    clock: m.status === "ok" ? m.clock : s.target.clock,
    medianMs: ms,
    gflops: flopsOf(s.func, s.shapes) / ms / 1e6,
    gbps: trafficOf(s.func, s.shapes) / ms / 1e6,
    maxError: m.status === "ok" ? m.maxError : NaN,
    compileMs: m.compileMs,
    secondsSinceStart: t.seconds,
    time: Date.now(),
  };
}
