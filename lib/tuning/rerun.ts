/** Re-measures shared schedules on this device. */
import * as kinds from "./option_fields.ts";
import type { Table } from "npm:apache-arrow@21.2.0";
import type { Failed, Measurement } from "../measure/measurement.ts";
import { median, medianInterval } from "../base/statistics.ts";
import { OWN_PRESET, type RerunRow, rerunTable } from "../records/rerun.ts";
import { attempt } from "../measure/executable_of.ts";
import { MeasurerError } from "../measure/measurer.ts";
import type { Candidate, OpenMeasuring } from "../measure/measuring.ts";
import { SchedulingProcess } from "../measure/scheduling_process.ts";
import { Trace } from "../schedule/trace.ts";
import { MeasuringSlot } from "./measuring_slot.ts";
import type { TunableDevice } from "./tunable_device.ts";
import type { SharedWorkload } from "../records/shared.ts";
import { Chart } from "../charts/chart.ts";
import { crossDeviceSpec } from "../charts/cross_device.ts";
import { CONFIRM_ROUNDS, MIN_SAMPLE_MS, type Speedup, speedup } from "./confirm.ts";
import type { Target } from "../target/target.ts";
import { checkArgument, checkOptions, type Fields } from "../base/check_options.ts";

/** What `Shared.rerun` takes. */
export interface RerunOptions {
  /** Rounds of the interleaved measurement. Default 11. */
  readonly rounds?: number;
  /** Longest time for one schedule, milliseconds. Default 30,000. */
  readonly deadlineMs?: number;
  /** Largest resident memory of the process that measures, bytes. Default: half of the machine's memory. */
  readonly maxMemory?: number;
  /** Ends it within a second. */
  readonly signal?: AbortSignal;
  /** Opens the `Measuring`. Default: the device's own, a child process on this machine. */
  readonly open?: OpenMeasuring;
}

const RERUN_FIELDS = {
  rounds: kinds.rounds,
  ...kinds.pick(kinds.SEARCH_FIELDS, "deadlineMs", "maxMemory", "signal", "open"),
} satisfies Fields<RerunOptions>;

/** Schedules on the sender's device and on this one, side by side. */
export class Rerun {
  /** Takes the rows of a rerun and the names of both devices. */
  constructor(
    /** One row per schedule, and one for DLight's own preset for this device. */
    readonly rows: readonly RerunRow[],
    readonly devices: { readonly there: string; readonly here: string },
  ) {}

  /** The rows as an Arrow table. */
  get table(): Table {
    return rerunTable(this.rows, this.devices);
  }

  /** Both devices in one picture. */
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
  /** Its time on the sender's device. */
  readonly there?: Sampled;
}

interface Sampled {
  readonly ms: number;
  readonly samples: readonly number[];
}

/** Measures the schedules of all programs on this device, interleaved for each program. */
export async function rerun(
  there: Target,
  subjects: readonly SharedWorkload[],
  device: TunableDevice,
  options: RerunOptions,
): Promise<Rerun> {
  checkArgument("shared.rerun", "device", device, kinds.device);
  checkOptions("shared.rerun", options, RERUN_FIELDS, kinds.RENAMED);
  const rows: RerunRow[] = [];
  await using scheduling = new SchedulingProcess(options.deadlineMs, options.maxMemory);
  for (const subject of subjects) {
    if (options.signal?.aborted) break;
    rows.push(...await rerunOne(subject, device, scheduling, options));
  }
  return new Rerun(rows, { there: there.name, here: device.target.name });
}

async function rerunOne(
  subject: SharedWorkload,
  device: TunableDevice,
  scheduling: SchedulingProcess,
  options: RerunOptions,
): Promise<readonly RerunRow[]> {
  const { func, task: { task }, results } = subject;
  const ruled = await scheduling.schedule(func, device.target, options.signal);
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
  const measured = await measureAll(traces, subject, device, options);
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

/**
 * Measures each schedule alone first, because one that hangs would end an interleaved measurement. Then it measures the
 * right ones, interleaved.
 */
async function measureAll(
  traces: readonly string[],
  { func, shapes, task: { seed } }: SharedWorkload,
  device: TunableDevice,
  { rounds = CONFIRM_ROUNDS, deadlineMs, maxMemory, signal, open = device.openMeasuring }: RerunOptions,
): Promise<Map<string, Measurement>> {
  const measured = new Map<string, Measurement>();
  const right: (readonly [string, Candidate])[] = [];
  try {
    await using slot = new MeasuringSlot({
      func,
      target: device.target,
      shapes,
      seed,
      ...(deadlineMs === undefined ? {} : { deadlineMs }),
      ...(maxMemory === undefined ? {} : { maxMemory }),
    }, open);
    const measuring = await slot.take(signal);
    const stop = () => void measuring?.abandon();
    signal?.addEventListener("abort", stop, { once: true });
    using _ = { [Symbol.dispose]: () => signal?.removeEventListener("abort", stop) };
    for (const trace of traces) {
      if (trace === "") continue;
      if (signal?.aborted) {
        measured.set(trace, STOPPED);
        continue;
      }
      const candidate = attempt(() => ({ trace: Trace.fromJSON(trace).toJSON() }));
      if ("status" in candidate) {
        measured.set(trace, candidate);
        continue;
      }
      const m = (await measuring?.measure({ candidate, repeats: 1 }))?.measurement ?? STOPPED;
      measured.set(trace, m);
      if (m.status === "ok") right.push([trace, candidate]);
    }
    const raced = signal?.aborted
      ? undefined
      : await measuring?.race(right.map(([, c]) => c), rounds, { minSampleMs: MIN_SAMPLE_MS });
    right.forEach(([trace], k) => measured.set(trace, raced?.[k] ?? STOPPED));
  } catch (e) {
    // This program can't be measured here; others may be.
    if (!(e instanceof MeasurerError)) throw e;
    const { message } = e;
    for (const trace of traces) measured.set(trace, { status: "run", message, compileMs: NaN });
  }
  return measured;
}

const STOPPED: Failed = { status: "run", message: "stopped before it was measured", compileMs: NaN };

function sampledOf(m: Measurement | undefined): Sampled | undefined {
  return m?.status === "ok" ? { ms: median(m.samples), samples: m.samples } : undefined;
}

/** Gives the speedup over the rule; without common rounds, from the medians alone. */
function timesOf(own: Sampled | undefined, rule: Sampled | undefined): Speedup {
  if (!own || !rule) return { ratio: NaN, low: NaN, high: NaN };
  if (own.samples.length > 0 && rule.samples.length > 0) return speedup(own, rule);
  return { ratio: rule.ms / own.ms, low: NaN, high: NaN };
}
