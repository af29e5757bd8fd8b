/** What is being tuned, and the records that say so. */
import { flopsOf, trafficOf } from "../ir/count.ts";
import { fingerprint } from "../ir/fingerprint.ts";
import type { PrimFunc } from "../ir/func.ts";
import { funcToJson } from "../ir/func_json.ts";
import { signature } from "../ir/signature.ts";
import { type Measurement, median } from "../measure/measurement.ts";
import type { TrialRecord } from "../records/record.ts";
import type { Shapes } from "../runtime/arguments.ts";
import type { Config } from "../space/knobs.ts";
import type { Target } from "../target/target.ts";
import type { Candidate } from "./candidate.ts";

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

/** What a log file is about: one program on one target. */
export function identityOf(
  s: Subject,
): { readonly task: string; readonly fingerprint: string; readonly target: string } {
  return { task: signature(s.func), fingerprint: fingerprint(s.func), target: JSON.stringify(s.target) };
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
  const ms = m.status === "ok" ? median(m.samples) : NaN;
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
