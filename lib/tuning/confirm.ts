/** Re-measures the finalists, interleaved: the best of many noisy trials is often only the luckiest. */
import { unlessAborted } from "../base/cancellation.ts";
import { type ConfidenceInterval, median, medianInterval } from "../base/statistics.ts";
import { CHECKED_RUNS } from "../measure/checked_runs.ts";
import { excludedRate } from "../measure/measurement.ts";
import type { Candidate, Measuring } from "../measure/measuring.ts";
import type { TrialRecord } from "../records/record.ts";
import { Interruptible } from "./interrupt.ts";
import type { MeasuringSlot } from "./measuring_slot.ts";
import { CONFIRM_ROUNDS, type ConfirmOptions, MIN_SAMPLE_MS } from "./rounds.ts";
import { speedup } from "./speedup.ts";
import type { Trial } from "./trial.ts";

/** Trials of a search that are re-measured. */
const FINALISTS = 3;

/** A trial that was re-measured. */
export interface Confirmed {
  /** The trial. */
  readonly record: TrialRecord;
  /** True for the rule's own point. */
  readonly preset: boolean;
  /** One per round, milliseconds; empty if it failed this time. */
  readonly samples: readonly number[];
  /** Their median and its 95% confidence interval; NaN where it failed. */
  readonly ms: number;
  /** The 95% confidence interval of the median, milliseconds. */
  readonly interval: ConfidenceInterval;
  /** Runs whose results were checked and right: at least 90, or those that fit in 2.5 s; 0 where it failed. */
  readonly checkedRuns: number;
}

/** The record of a trial with its new measurement. */
export function recordConfirmed({ record, samples, ms, checkedRuns }: Confirmed): TrialRecord {
  const faster = record.medianMs / ms;
  return {
    ...record,
    samples,
    againstMs: NaN,
    againstSamples: [],
    medianMs: ms,
    gflops: record.gflops * faster,
    gbps: record.gbps * faster,
    message: checkedRuns >= CHECKED_RUNS ? "" : checkedMessage(checkedRuns),
  };
}

function checkedMessage(runs: number): string {
  const rate = (100 * excludedRate(runs)).toFixed(0);
  return `checked in ${runs} runs: errors in less than ${rate}% of the runs are not excluded`;
}

/** Picks the fastest trials, one per schedule, and the preset if it was tried, so that a search never ends below it. */
export function finalistsOf(trials: readonly Trial[]): readonly Trial[] {
  const ok = trials.filter(({ record, candidate }) =>
    record.status === "ok" && record.medianMs > 0 && candidate !== undefined
  ).toSorted((a, b) => a.record.medianMs - b.record.medianMs);
  const own = ok.find((t) => t.preset);
  // Two configurations may be one schedule; the preset stands for all of its own.
  const distinct = ok.filter((t, k) => {
    const sameAs = (o: Trial | undefined) => o !== undefined && keyOf(o) === keyOf(t);
    return t === own || (!sameAs(own) && ok.findIndex(sameAs) === k);
  });
  return distinct.filter((t, k) => k < FINALISTS || t === own);
}

/**
 * Confirms unless Jupyter's interrupt or the signal of the search stops it. A signal that already ended the search does
 * not end the confirmation of its results.
 */
export async function confirmUnlessStopped(
  signal: AbortSignal | undefined,
  slot: MeasuringSlot,
  trials: readonly Trial[],
  { rounds = CONFIRM_ROUNDS, processes = 1 }: ConfirmOptions,
): Promise<readonly Confirmed[]> {
  using stop = new Interruptible(signal?.aborted ? undefined : signal);
  const parts: (readonly Confirmed[])[] = [];
  for (const share of sharesOf(rounds, processes)) {
    if (parts.length > 0) await slot.renew();
    const measuring = await slot.take(stop.signal);
    if (!measuring) return [];
    const confirmed = await unlessAborted(confirm(measuring, trials, share), stop.signal);
    if (!confirmed) {
      await measuring.abandon();
      return [];
    }
    parts.push(confirmed);
  }
  return joined(parts);
}

/** Splits rounds among processes as evenly as possible; each has at least one. */
function sharesOf(rounds: number, processes: number): readonly number[] {
  const count = Math.min(rounds, processes);
  return Array.from({ length: count }, (_, k) => Math.floor((rounds + k) / count)).toReversed();
}

/** Joins what several processes measured of the same trials. One that failed in any of them has failed. */
function joined(parts: readonly (readonly Confirmed[])[]): readonly Confirmed[] {
  const [first = [], ...others] = parts;
  return first.map((trial, k) => {
    const all = [trial, ...others.flatMap((part) => part[k] ?? [])];
    const right = all.every((c) => c.samples.length > 0);
    const samples = right ? all.flatMap((c) => c.samples) : [];
    const checkedRuns = right ? all.reduce((runs, c) => runs + c.checkedRuns, 0) : 0;
    return { ...trial, samples, ms: median(samples), interval: medianInterval(samples), checkedRuns };
  });
}

/** Re-measures trials, interleaved in `rounds` rounds. A schedule that several searches found is measured once. */
export async function confirm(
  measuring: Measuring,
  trials: readonly Trial[],
  rounds: number,
): Promise<readonly Confirmed[]> {
  const distinct = [...new Map(trials.map((t) => [keyOf(t), t.candidate as Candidate]))];
  const results = await measuring.race(distinct.map(([, c]) => c), rounds, { minSampleMs: MIN_SAMPLE_MS });
  return trials.map((trial) => {
    const m = results[distinct.findIndex(([key]) => key === keyOf(trial))];
    const samples = m?.status === "ok" ? m.samples : [];
    const checkedRuns = m?.status === "ok" ? m.checkedRuns ?? 0 : 0;
    const { record, preset } = trial;
    return { record, preset, samples, ms: median(samples), interval: medianInterval(samples), checkedRuns };
  });
}

/** Gives the key of a schedule or source. */
function keyOf({ candidate, record }: Trial): string {
  return candidate && "source" in candidate ? JSON.stringify(candidate) : record.trace;
}

/** Gives the fastest confirmed trial; the preset if no trial is faster beyond noise. */
export function winnerOf(confirmed: readonly Confirmed[]): Confirmed | undefined {
  const timed = confirmed.filter((c) => c.ms > 0);
  const own = timed.find((c) => c.preset);
  const best = timed.reduce<Confirmed | undefined>((p, c) => p && p.ms <= c.ms ? p : c, undefined);
  return own && best && !(speedup(best, own).low > 1) ? own : best;
}
