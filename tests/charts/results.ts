/** Small results to draw and to print: a search from scratch that fails once, and one that passes DLight. */
import type { Table } from "apache-arrow";
import type { TrialRecord } from "../../lib/records/record.ts";
import type { SummaryRow } from "../../lib/records/summary.ts";
import { summaryTable } from "../../lib/records/summary_table.ts";
import { recordsToTable } from "../../lib/records/table.ts";

export function trialOf(parts: Partial<TrialRecord>): TrialRecord {
  const failed = parts.status !== undefined && parts.status !== "ok";
  const ms = failed ? NaN : parts.medianMs ?? 2;
  return {
    task: "matmul(A: f32[8, 8], B: f32[8, 8], C: f32[8, 8])",
    fingerprint: "0123456789abcdef",
    program: "{}",
    adapter: "gpu",
    target: "{}",
    contestant: "autotvm",
    rule: "Matmul",
    tuner: "xgb",
    start: "scratch",
    seed: 0,
    trial: 0,
    config: '{"tile_i":[1,16],"vectorize":true}',
    trace: "{}",
    status: "ok",
    message: "",
    samples: failed ? [] : [ms],
    againstMs: NaN,
    againstSamples: [],
    worker: "",
    inFlight: 1,
    clock: "cpu",
    medianMs: ms,
    gflops: 20 / ms,
    gbps: 4 / ms,
    maxError: 0,
    compileMs: 1,
    secondsSinceStart: 1,
    time: 0,
    ...parts,
  };
}

const config = (n: number) => JSON.stringify({ tile_i: [1, n] });

/** Speeds in GFLOP/s: Fallback 2, DLight 10, from scratch 4, a failure and 8, from DLight 10.2 and 20. */
export const trials: readonly TrialRecord[] = [
  trialOf({ contestant: "fallback", rule: "Fallback", tuner: "none", medianMs: 10, secondsSinceStart: 0.4 }),
  trialOf({
    contestant: "dlight",
    tuner: "none",
    config: config(1),
    medianMs: 2,
    secondsSinceStart: 0.3,
  }),
  trialOf({ config: config(2), trial: 0, medianMs: 5, secondsSinceStart: 1 }),
  trialOf({ config: config(3), trial: 1, status: "wrongAnswer", message: "off", secondsSinceStart: 2 }),
  trialOf({ config: config(4), trial: 2, medianMs: 2.5, secondsSinceStart: 3 }),
  ...[
    { config: config(1), trial: 0, medianMs: 20 / 11, secondsSinceStart: 0.5 },
    { config: config(5), trial: 1, medianMs: 1, secondsSinceStart: 2.5 },
    { config: config(6), trial: 2, medianMs: 4, secondsSinceStart: 4 },
  ].map((parts) => trialOf({ contestant: "autotvm+dlight", start: "preset", ...parts })),
];

export function rowOf(parts: Partial<SummaryRow>): SummaryRow {
  const ms = parts.medianMs ?? 2;
  return {
    task: "matmul(A: f32[8, 8], B: f32[8, 8], C: f32[8, 8])",
    contestant: "dlight",
    rule: "Matmul",
    trials: 1,
    failed: 0,
    seconds: 1,
    medianMs: ms,
    lowMs: ms * 0.9,
    highMs: ms * 1.1,
    gflops: 20 / ms,
    gbps: 4 / ms,
    speedupVsFallback: 10 / ms,
    speedupVsDlight: 2 / ms,
    config: "{}",
    trace: "{}",
    maxError: 0,
    samples: [ms],
    ...parts,
  };
}

export const rows: readonly SummaryRow[] = [
  rowOf({ contestant: "fallback", rule: "Fallback", medianMs: 10 }),
  rowOf({}),
  rowOf({ contestant: "autotvm", config: config(4), medianMs: 2.5, trials: 3, failed: 1, seconds: 3 }),
  rowOf({ contestant: "autotvm+dlight", config: config(5), medianMs: 1, trials: 3, seconds: 4 }),
];

export const trialTable = (): Table => recordsToTable(trials);
export const confirmedTable = (): Table => summaryTable(rows);
