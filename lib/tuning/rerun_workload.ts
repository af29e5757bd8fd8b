/** Puts the times of shared schedules on the sender's device beside those on this device. */
import { median, medianInterval } from "../base/statistics.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Failed, Measurement } from "../measure/measurement.ts";
import { OWN_PRESET, type RerunRow } from "../records/rerun.ts";
import type { SharedWorkload } from "../records/shared.ts";
import type { TraceJson } from "../schedule/trace.ts";
import { type Speedup, speedup } from "./speedup.ts";

/** How schedules are made and measured: in a process of their own, or in a page. */
export interface RerunOn {
  /** Schedules a program by DLight's rules for this device. */
  schedule(func: PrimFunc): Promise<{ readonly rule: string; readonly trace: TraceJson } | Failed>;
  /** Measures schedules, interleaved; traces are JSON, and an empty one is no schedule. */
  measure(traces: readonly string[]): Promise<ReadonlyMap<string, Measurement>>;
}

/** A schedule to be measured here. */
interface Entry {
  readonly contestant: string;
  readonly rule: string;
  readonly trace: string;
  /** Its time on the sender's device. */
  readonly there?: Sampled;
}

interface Sampled {
  readonly ms: number;
  readonly samples: readonly number[];
}

/** Measures the shared schedules of one program, and DLight's preset for this device. Returns a row for each. */
export async function rerunWorkload(
  { func, task: { task }, results }: SharedWorkload,
  on: RerunOn,
): Promise<readonly RerunRow[]> {
  const ruled = await on.schedule(func);
  const own = "status" in ruled ? undefined : ruled;
  const ownRule = own?.rule ?? "";
  const preset = own ? JSON.stringify(own.trace) : "";
  const shared = results.flatMap(({ result: { contestant, rule, won }, best }): readonly Entry[] => {
    if (!won || !best) return [];
    const samples = won.confirmed ? won.samples : [];
    return [{ contestant, rule, trace: best.record.trace, there: { ms: won.ms, samples } }];
  });
  // DLight's row exists already if its preset is the same on both devices.
  const same = shared.some((e) => e.contestant === "dlight" && e.trace === preset);
  const entries = [...shared, ...(same ? [] : [{ contestant: OWN_PRESET, rule: ownRule, trace: preset }])];
  const traces = [...new Set(entries.map((e) => e.trace))];
  const measured = new Map(await on.measure(traces));
  if ("status" in ruled) measured.set(preset, ruled);
  const ruleThere = shared.find((e) => e.contestant === "dlight")?.there;
  const ruleHere = sampledOf(measured.get(preset));
  return entries.map(({ contestant, rule, trace, there }): RerunRow => {
    const m = measured.get(trace) as Measurement;
    const here = sampledOf(m);
    const thereIn = medianInterval(there?.samples ?? []), hereIn = medianInterval(here?.samples ?? []);
    const thereTimes = timesOf(there, ruleThere), hereTimes = timesOf(here, ruleHere);
    return {
      task,
      contestant,
      rule,
      thereMs: there?.ms ?? NaN,
      thereLowMs: thereIn.low,
      thereHighMs: thereIn.high,
      thereTimes: thereTimes.ratio,
      thereTimesLow: thereTimes.low,
      thereTimesHigh: thereTimes.high,
      hereMs: here?.ms ?? NaN,
      hereLowMs: hereIn.low,
      hereHighMs: hereIn.high,
      hereTimes: hereTimes.ratio,
      hereTimesLow: hereTimes.low,
      hereTimesHigh: hereTimes.high,
      status: m.status,
      message: m.status === "ok" ? "" : m.message,
      trace,
      maxError: m.status === "ok" ? m.maxError : NaN,
      samples: here?.samples ?? [],
    };
  });
}

function sampledOf(m: Measurement | undefined): Sampled | undefined {
  return m?.status === "ok" ? { ms: median(m.samples), samples: m.samples } : undefined;
}

/** Gives the speedup over the rule; without common rounds, from the medians alone. */
function timesOf(own: Sampled | undefined, rule: Sampled | undefined): Speedup {
  if (!own || !rule) return { ratio: NaN, low: NaN, high: NaN };
  if (own.samples.length > 0 && rule.samples.length > 0) return speedup(own, rule);
  return { ratio: rule.ms / own.ms, low: NaN, high: NaN };
}
