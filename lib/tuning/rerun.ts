/** Shared schedules measured again on this device. */
import type { Table } from "apache-arrow";
import type { Executable } from "../codegen/executable.ts";
import { schedule } from "../dlight/schedule.ts";
import type { Failed, Measurement } from "../measure/measurement.ts";
import { median, medianInterval } from "../base/statistics.ts";
import { Measurer, MeasurerError } from "../measure/measurer.ts";
import { OWN_PRESET, type RerunRow, rerunTable } from "../records/rerun.ts";
import type { SharedWorkload } from "../records/shared.ts";
import { Chart } from "../charts/chart.ts";
import { crossDeviceSpec } from "../charts/cross_device.ts";
import type { Device } from "../runtime/device.ts";
import { replay, type Trace } from "../schedule/trace.ts";
import type { Target } from "../target/target.ts";
import { compiled } from "./candidate.ts";
import { likeTarget } from "./open_measurer.ts";
import { checkRounds, CONFIRM_ROUNDS, MIN_SAMPLE_MS, type Speedup, speedup } from "./confirm.ts";

export interface RerunOptions {
  /** Rounds in which all schedules are measured in turn. Default 11. */
  readonly rounds?: number;
  /** Longest time for one schedule, milliseconds. Default 30,000. */
  readonly deadlineMs?: number;
  /** Ends it after the program at hand. */
  readonly signal?: AbortSignal;
}

/** Schedules there, where they were shared from, and here, side by side. */
export class Rerun {
  constructor(
    /** One row a schedule, and one for DLight's own preset for this device. */
    readonly rows: readonly RerunRow[],
    readonly devices: { readonly there: string; readonly here: string },
  ) {}

  get table(): Table {
    return rerunTable(this.rows, this.devices);
  }

  get chart(): Chart {
    const tasks = [...new Set(this.rows.map((r) => r.task))];
    const title = tasks.length === 1 ? tasks[0] as string : `${tasks.length} operators`;
    return new Chart(
      crossDeviceSpec(this.rows, this.devices, { title, subtitle: "the same schedules on two devices" }),
    );
  }
}

/** A schedule to be measured here. */
interface Entry {
  readonly contestant: string;
  readonly rule: string;
  readonly trace: string;
  /** What it took there. */
  readonly there?: Sampled;
}

interface Sampled {
  readonly ms: number;
  readonly samples: readonly number[];
}

/** Measures the schedules of all programs on this device, each program's in turn with each other. */
export async function rerun(
  there: Target,
  subjects: readonly SharedWorkload[],
  device: Device,
  options: RerunOptions,
): Promise<Rerun> {
  checkRounds(options.rounds ?? CONFIRM_ROUNDS);
  const rows: RerunRow[] = [];
  for (const subject of subjects) {
    if (options.signal?.aborted) break;
    rows.push(...await rerunOne(subject, device.target, options));
  }
  return new Rerun(rows, { there: there.name, here: device.target.name });
}

async function rerunOne(
  subject: SharedWorkload,
  target: Target,
  options: RerunOptions,
): Promise<readonly RerunRow[]> {
  const { func, task: { task }, results } = subject;
  let ownTrace = undefined as Trace | undefined, ownRule = "";
  const own = compiled(() => {
    const ruled = schedule(func, target);
    ownTrace = ruled.trace;
    ownRule = ruled.rule;
    return ruled.func;
  }, target);
  const preset = ownTrace ? JSON.stringify(ownTrace) : "";
  const shared = results.flatMap(({ result: { contestant, rule, won }, best }): readonly Entry[] => {
    if (!won || !best) return [];
    const samples = won.confirmed ? won.samples : [];
    return [{ contestant, rule, trace: best.record.trace, there: { ms: won.ms, samples } }];
  });
  // Where DLight takes the same numbers on both devices, its row is there already.
  const same = shared.some((e) => e.contestant === "dlight" && e.trace === preset);
  const entries = [...shared, ...(same ? [] : [{ contestant: OWN_PRESET, rule: ownRule, trace: preset }])];
  const candidates = new Map<string, Executable | Failed>([[preset, own]]);
  for (const { trace } of shared) {
    if (!candidates.has(trace)) candidates.set(trace, compiled(() => replay(func, trace), target));
  }
  const measured = await measureAll(candidates, subject, target, options);
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

/**
 * Measures each candidate alone first, as one that hangs or dies would take those with it that are measured in turn;
 * then those that are right, in turn.
 */
async function measureAll(
  candidates: ReadonlyMap<string, Executable | Failed>,
  { func, shapes, task: { seed } }: SharedWorkload,
  target: Target,
  { rounds = CONFIRM_ROUNDS, deadlineMs }: RerunOptions,
): Promise<ReadonlyMap<string, Measurement>> {
  const measured = new Map<string, Measurement>(), right: [string, Executable][] = [];
  const runnable: [string, Executable][] = [];
  for (const [trace, candidate] of candidates) {
    if ("status" in candidate) measured.set(trace, candidate);
    else runnable.push([trace, candidate]);
  }
  if (runnable.length === 0) return measured;
  try {
    await using measurer = await Measurer.open({
      ...likeTarget(target),
      func,
      shapes,
      seed,
      ...(deadlineMs === undefined ? {} : { deadlineMs }),
    });
    for (const [trace, executable] of runnable) {
      const m = await measurer.measure(executable, { repeats: 1 });
      measured.set(trace, m);
      if (m.status === "ok") right.push([trace, executable]);
    }
    const raced = await measurer.race(right.map(([, e]) => e), rounds, { minSampleMs: MIN_SAMPLE_MS });
    right.forEach(([trace], k) => measured.set(trace, raced[k] as Measurement));
  } catch (e) {
    // The program itself can't be measured here; others may be.
    if (!(e instanceof MeasurerError)) throw e;
    const { message } = e;
    for (const [trace] of runnable) measured.set(trace, { status: "run", message, compileMs: NaN });
  }
  return measured;
}

function sampledOf(m: Measurement | undefined): Sampled | undefined {
  return m?.status === "ok" ? { ms: median(m.samples), samples: m.samples } : undefined;
}

/** How many times as fast as the rule; without rounds in common, by the medians alone. */
function timesOf(own: Sampled | undefined, rule: Sampled | undefined): Speedup {
  if (!own || !rule) return { ratio: NaN, low: NaN, high: NaN };
  if (own.samples.length > 0 && rule.samples.length > 0) return speedup(own, rule);
  return { ratio: rule.ms / own.ms, low: NaN, high: NaN };
}
