/** The best of many noisy trials is often only the luckiest: they are measured again, in turn, before any has won. */
import { compile } from "../codegen/compile.ts";
import { TunebookError } from "../base/error.ts";
import type { PrimFunc } from "../ir/func.ts";
import { type ConfidenceInterval, median, medianInterval, ratiosTo } from "../base/statistics.ts";
import type { Measurer } from "../measure/measurer.ts";
import type { TrialRecord } from "../records/record.ts";
import { Interruptible } from "./interrupt.ts";
import { unlessAborted } from "../base/cancellation.ts";
import { replay } from "../schedule/trace.ts";
import type { Target } from "../target/target.ts";

/** How many trials of a search are measured again. */
const FINALISTS = 3;

/** A trial measured again. */
export interface Confirmed {
  readonly record: TrialRecord;
  /** One a round, milliseconds; none where it failed this time. */
  readonly samples: readonly number[];
  /** Their median and its 95% confidence interval; NaN where it failed. */
  readonly ms: number;
  readonly interval: ConfidenceInterval;
}

/** How many times as fast one thing is as another, and the 95% confidence interval of that. */
export interface Speedup extends ConfidenceInterval {
  readonly ratio: number;
}

/** Rounds of a confirmation, unless more or fewer are asked for: enough for an interval that leaves out the extremes. */
export const CONFIRM_ROUNDS = 11;
/** Shortest sample of a confirmation, milliseconds: few are confirmed, so they may take their time. */
export const MIN_SAMPLE_MS = 50;

/** @throws {TunebookError} for a number of rounds that is none */
export function checkRounds(rounds: number): void {
  if (Number.isSafeInteger(rounds) && rounds > 0) return;
  throw new TunebookError(`cannot confirm in ${rounds} rounds: it is a positive integer`);
}

/** The record of a trial as it was measured again. */
export function recordConfirmed({ record, samples, ms }: Confirmed): TrialRecord {
  const faster = record.medianMs / ms;
  return {
    ...record,
    samples,
    againstMs: NaN,
    againstSamples: [],
    medianMs: ms,
    gflops: record.gflops * faster,
    gbps: record.gbps * faster,
  };
}

/** The fastest trials, one a schedule, and the one at `preset` if it is among them: a search can't end below it. */
export function finalistsOf(
  records: readonly TrialRecord[],
  preset: string | undefined,
): readonly TrialRecord[] {
  const ok = records.filter((r) => r.status === "ok" && r.medianMs > 0)
    .toSorted((a, b) => a.medianMs - b.medianMs);
  const own = ok.find((r) => r.config === preset);
  // Two configurations may be one schedule; of those the preset stands for all.
  const distinct = ok.filter((r, k) =>
    r === own || (r.trace !== own?.trace && ok.findIndex((o) => o.trace === r.trace) === k)
  );
  return distinct.filter((r, k) => k < FINALISTS || r === own);
}

/** What is confirmed, and by whom. */
export interface Confirmation {
  readonly func: PrimFunc;
  readonly target: Target;
  readonly measurer: Measurer;
  readonly records: readonly TrialRecord[];
  readonly rounds: number;
}

/**
 * Confirms unless that is stopped, by Jupyter's interrupt or by the signal that ends the search. One that has ended
 * the search already does not end this: what was found is still to be measured again.
 */
export async function confirmUnlessStopped(
  signal: AbortSignal | undefined,
  open: (signal: AbortSignal) => Promise<Confirmation | undefined>,
): Promise<readonly Confirmed[]> {
  using stop = new Interruptible(signal?.aborted ? undefined : signal);
  const confirmation = await open(stop.signal);
  if (!confirmation) return [];
  const confirmed = await unlessAborted(confirm(confirmation), stop.signal);
  if (!confirmed) await confirmation.measurer.abandon();
  return confirmed ?? [];
}

/** Measures trials again, `rounds` times in turn; the same schedule once, whoever found it. */
export async function confirm(
  { func, target, measurer, records, rounds }: Confirmation,
): Promise<readonly Confirmed[]> {
  const traces = [...new Set(records.map((r) => r.trace))];
  const executables = traces.map((t) => compile(replay(func, t), target));
  const results = await measurer.race(executables, rounds, { minSampleMs: MIN_SAMPLE_MS });
  return records.map((record) => {
    const m = results[traces.indexOf(record.trace)];
    const samples = m?.status === "ok" ? m.samples : [];
    return { record, samples, ms: median(samples), interval: medianInterval(samples) };
  });
}

/** How many times as fast `a` is as `b`, round by round, so that drift cancels. */
export function speedup(a: Pick<Confirmed, "samples">, b: Pick<Confirmed, "samples">): Speedup {
  const ratios = ratiosTo(a.samples, b.samples);
  return { ratio: median(ratios), ...medianInterval(ratios) };
}

/** Whether the rounds tell the two apart: an A/A comparison says no. */
export function differs({ low, high }: ConfidenceInterval): boolean {
  return low > 1 || high < 1;
}

/** The fastest of the confirmed, but the preset where nothing is faster than it beyond noise. */
export function winnerOf(confirmed: readonly Confirmed[], preset: string | undefined): Confirmed | undefined {
  const timed = confirmed.filter((c) => c.ms > 0);
  const own = timed.find((c) => c.record.config === preset);
  const best = timed.reduce<Confirmed | undefined>((p, c) => p && p.ms <= c.ms ? p : c, undefined);
  return own && best && !(speedup(best, own).low > 1) ? own : best;
}
