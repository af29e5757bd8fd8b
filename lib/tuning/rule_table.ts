/** Runs every kernel of a model by its rule. */
import { checkArgument, type Kind } from "../base/check_options.ts";
import { aFunction, arrayOf, required, text, withFields } from "../base/option_kinds.ts";
import { programKind, shapesKind } from "../ir/kinds.ts";
import { localDevice } from "./option_fields.ts";
import * as dlight from "../dlight/schedule.ts";
import type { Table } from "npm:apache-arrow@21.2.0";
import { compile } from "../codegen/compile.ts";
import { flopsOf, trafficOf } from "../estimate/work.ts";
import { TunebookError } from "../base/error.ts";
import { benchOf } from "../measure/bench_of.ts";
import { median } from "../base/statistics.ts";
import { leastMs } from "../estimate/roofline.ts";
import type { Column } from "../records/schema.ts";
import { tableOf } from "../records/table.ts";
import type { Device } from "../runtime/device.ts";
import type { Peaks } from "../target/target.ts";
import type { SuiteKernel } from "../op/suite.ts";

/** One kernel of a model. */
export interface RuleRow {
  /** The kernel's name. */
  readonly kernel: string;
  /** "decode", "prefill" or "image". */
  readonly phase: string;
  /** The rule that schedules it. */
  readonly rule: string;
  /** GPU kernels that the program became. */
  readonly kernels: number;
  /** From the program to its source, milliseconds. */
  readonly scheduleMs: number;
  /** "yes", or what is wrong. */
  readonly correct: string;
  /** Median time of a run, milliseconds. */
  readonly ms: number;
  /** Arithmetic, GFLOP/s. */
  readonly gflops: number;
  /** Memory traffic, GB/s. */
  readonly gbps: number;
  /** Share of the roofline: the bound of the device's measured peaks over the time. */
  readonly roofline: number;
}

const COLUMNS = {
  kernel: "text",
  phase: "text",
  rule: "text",
  kernels: "int",
  scheduleMs: "float",
  correct: "text",
  ms: "float",
  gflops: "float",
  gbps: "float",
  roofline: "float",
} as const satisfies Readonly<Record<keyof RuleRow, Column>>;

const KERNELS: Kind<readonly SuiteKernel[]> = arrayOf(
  withFields<SuiteKernel>("a kernel with name, phase, func and shapes, as te.suite makes", {
    name: required(text),
    phase: required(text),
    func: required(programKind),
    shapes: required(shapesKind),
  }),
);

/**
 * Schedules, builds, checks and times each kernel by its rule; a kernel that fails says so in its row.
 *
 * @throws {OptionError} for an argument of a wrong kind
 */
export async function ruleTable(
  kernels: readonly SuiteKernel[],
  device: Device,
  each: (row: RuleRow) => void = () => {},
): Promise<Table> {
  checkArgument("dlight.ruleTable", "kernels", kernels, KERNELS);
  checkArgument("dlight.ruleTable", "device", device, localDevice);
  checkArgument("dlight.ruleTable", "each", each, aFunction("a function of a row"));
  const peaks = await device.probe();
  const rows: RuleRow[] = [];
  for (const k of kernels) {
    const row = await ruleRow(k, device, peaks);
    rows.push(row);
    each(row);
  }
  return tableOf(rows, COLUMNS);
}

async function ruleRow(
  { name, phase, func, shapes }: SuiteKernel,
  device: Device,
  peaks: Peaks,
): Promise<RuleRow> {
  const begin = performance.now();
  const empty = { kernel: name, phase, ms: NaN, gflops: NaN, gbps: NaN, roofline: NaN };
  try {
    const { target } = device;
    const { ruled: { rule }, made: executable } = dlight.scheduleThen(
      func,
      target,
      dlight.rules,
      (f) => compile(f, target),
    );
    const scheduleMs = performance.now() - begin;
    const known = { ...empty, rule, kernels: executable.launches.length, scheduleMs };
    const m = await benchOf(device, func, shapes, 0).measure(executable, { repeats: 3 });
    if (m.status !== "ok") return { ...known, correct: `${m.status}: ${m.message}` };
    const ms = median(m.samples), flops = flopsOf(func, shapes), bytes = trafficOf(func, shapes);
    return {
      ...known,
      correct: "yes",
      ms,
      gflops: flops / ms / 1e6,
      gbps: bytes / ms / 1e6,
      roofline: leastMs(func, shapes, peaks) / ms,
    };
  } catch (e) {
    if (!(e instanceof TunebookError)) throw e;
    return { ...empty, rule: "none", kernels: 0, scheduleMs: performance.now() - begin, correct: e.message };
  }
}
