/** Measures the schedules of a shared page on the reader's device. */
import { compile } from "../codegen/compile.ts";
import { type Ruled, rules, scheduleThen } from "../dlight/schedule.ts";
import { runReference } from "../interp/bounded_reference.ts";
import type { PrimFunc } from "../ir/func.ts";
import { messageOf, TunebookError } from "../base/error.ts";
import { attempt } from "../measure/executable_of.ts";
import type { Failed, Measurement } from "../measure/measurement.ts";
import { MeasuringHere } from "../measure/measuring_here.ts";
import type { RerunRow } from "../records/rerun.ts";
import type { SharedWorkload } from "../records/shared.ts";
import type { Device } from "../runtime/device.ts";
import type { Config } from "../space/knobs.ts";
import { measureTraces } from "../tuning/measure_traces.ts";
import { rerunWorkload } from "../tuning/rerun_workload.ts";
import { CONFIRM_ROUNDS } from "../tuning/rounds.ts";
import type { PageReferences } from "./page_parts.ts";

/** How a page is measured. */
export interface MeasureSharedOptions {
  /** The references of the programs, by position. */
  readonly references: PageReferences;
  /** Ends it after the current round. */
  readonly signal: AbortSignal;
  /** Shows how far it is, from 0 to 1, and what it does. Long work begins when it resolves. */
  progress(done: number, what: string): Promise<void>;
  /** Takes the rows so far, after each program. */
  measured(rows: readonly RerunRow[]): void;
}

/** The rows of a page's programs, and DLight's preset for each of them on this device. */
export interface MeasuredShared {
  /** A row for each schedule, in the order of the programs. */
  readonly rows: readonly (readonly RerunRow[])[];
  /** The knobs of DLight's preset for this device, by the program's position; missing if no rule takes it. */
  readonly presets: readonly (Config | undefined)[];
  /** True if the device no longer answers. */
  readonly hung: boolean;
}

/** Measures the schedules of all programs, interleaved for each program with DLight's preset for this device. */
export async function measureShared(
  workloads: readonly SharedWorkload[],
  device: Device,
  options: MeasureSharedOptions,
): Promise<MeasuredShared> {
  const rows: (readonly RerunRow[])[] = [], presets: (Config | undefined)[] = [];
  let hung = false;
  for (const [k, workload] of workloads.entries()) {
    if (options.signal.aborted || hung) break;
    const { name } = workload.func, of = `${name}, program ${k + 1} of ${workloads.length}`;
    const progress = (share: number, what: string) =>
      options.progress((k + share) / workloads.length, `${of}: ${what}`);
    await progress(0, "scheduling");
    let ruled: Ruled | Failed | undefined;
    rows.push(
      await rerunWorkload(workload, {
        schedule: (func) => Promise.resolve(scheduled(ruled = ruledFor(func, device))),
        measure: async (traces) => {
          const one = await measureOne(workload, k, traces, device, { ...options, progress });
          hung = one.hung;
          return one.measured;
        },
      }),
    );
    presets.push(ruled && "preset" in ruled ? ruled.preset : undefined);
    options.measured(rows.flat());
  }
  return { rows, presets, hung };
}

function ruledFor(func: PrimFunc, { target }: Device): Ruled | Failed {
  return attempt(() => scheduleThen(func, target, rules, (f) => compile(f, target)).ruled);
}

function scheduled(ruled: Ruled | Failed) {
  return "status" in ruled ? ruled : { rule: ruled.rule, trace: ruled.trace.toJSON() };
}

async function measureOne(
  { func, shapes, task: { seed } }: SharedWorkload,
  position: number,
  traces: readonly string[],
  device: Device,
  { references, signal, progress }: MeasureSharedOptions,
): Promise<{ readonly measured: ReadonlyMap<string, Measurement>; readonly hung: boolean }> {
  const reference = references[position];
  let tried = 0;
  try {
    if (!reference) throw new TunebookError("the page has no reference of this program");
    await progress(0, "computing what the results must be");
    await using measuring = new MeasuringHere(device, {
      func,
      shapes,
      seed,
      reference: (inputs) => runReference(func, inputs, shapes, reference),
      afterRound: async (done, of) => {
        signal.throwIfAborted();
        await progress(0.4 + 0.6 * done / of, `round ${done} of ${of}`);
      },
    });
    await progress(0.1, "checking each schedule");
    const measured = await measureTraces(measuring, traces, CONFIRM_ROUNDS, signal, () => {
      tried++;
      void progress(0.1 + 0.3 * tried / traces.length, "checking each schedule");
    });
    return { measured, hung: measuring.ended };
  } catch (e) {
    if (!(e instanceof TunebookError)) throw e;
    const failed: Failed = { status: "run", message: messageOf(e), compileMs: NaN };
    return { measured: new Map(traces.map((trace) => [trace, failed])), hung: false };
  }
}
