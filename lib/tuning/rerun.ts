/** Re-measures shared schedules on this device. */
import * as kinds from "./option_fields.ts";
import type { Table } from "npm:apache-arrow@21.2.0";
import type { Measurement } from "../measure/measurement.ts";
import type { RerunRow } from "../records/rerun.ts";
import { rerunTable } from "../records/rerun_table.ts";
import { MeasurerError } from "../measure/measurer.ts";
import type { OpenMeasuring } from "../measure/measuring.ts";
import { SchedulingProcess } from "../measure/scheduling_process.ts";
import { Interruptible } from "./interrupt.ts";
import { measureTraces } from "./measure_traces.ts";
import { rerunWorkload } from "./rerun_workload.ts";
import { MeasuringSlot } from "./measuring_slot.ts";
import type { TunableDevice } from "./tunable_device.ts";
import type { SharedWorkload } from "../records/shared.ts";
import { Chart } from "../charts/chart.ts";
import { crossDeviceSpec } from "../charts/cross_device.ts";
import { CONFIRM_ROUNDS } from "./rounds.ts";
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
  /** Ends it within a second, as an interrupt in a notebook does; schedules that were not measured have no row. */
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
  using stop = new Interruptible(options.signal);
  const { signal } = stop;
  await using scheduling = new SchedulingProcess(options.deadlineMs, options.maxMemory);
  for (const subject of subjects) {
    if (signal.aborted) break;
    rows.push(
      ...await rerunWorkload(subject, {
        schedule: (func) => scheduling.schedule(func, device.target, signal),
        measure: (traces) => measureAll(traces, subject, device, { ...options, signal }),
      }),
    );
  }
  return new Rerun(rows, { there: there.name, here: device.target.name });
}

/** Measures the schedules of one program, in a child process if the device is of this machine. */
async function measureAll(
  traces: readonly string[],
  { func, shapes, task: { seed } }: SharedWorkload,
  device: TunableDevice,
  { rounds = CONFIRM_ROUNDS, deadlineMs, maxMemory, signal, open = device.openMeasuring }: RerunOptions,
): Promise<ReadonlyMap<string, Measurement>> {
  try {
    await using slot = new MeasuringSlot({
      func,
      target: device.target,
      shapes,
      seed,
      ...(deadlineMs === undefined ? {} : { deadlineMs }),
      ...(maxMemory === undefined ? {} : { maxMemory }),
    }, open);
    return await measureTraces(await slot.take(signal), traces, rounds, signal);
  } catch (e) {
    // This program can't be measured here; others may be.
    if (!(e instanceof MeasurerError)) throw e;
    const { message } = e;
    return new Map(traces.map((trace) => [trace, { status: "run", message, compileMs: NaN }]));
  }
}
