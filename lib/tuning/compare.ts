import { checkArgument, checkOptions } from "../base/check_options.ts";
import { TunebookError } from "../base/error.ts";
import type { PrimFunc } from "../ir/func.ts";
import { Graph } from "../relax/graph.ts";
import type { Device } from "../runtime/device.ts";
import { compareDevices } from "./compare_devices.ts";
import { compareGraph, type CompareGraphOptions } from "./compare_graph.ts";
import { compareOne } from "./compare_one.ts";
import { COMPARE_FIELDS, type CompareOptions } from "./compare_options.ts";
import type { Comparison, Comparisons } from "./comparison.ts";
import { comparisonsOf } from "./comparisons_of.ts";
import type { GraphComparison } from "./graph_comparison.ts";
import { numberedReporter } from "./numbered_reporter.ts";
import { Interruptible } from "./interrupt.ts";
import { logOf } from "./log_of.ts";
import * as kinds from "./option_fields.ts";
import type { TunableDevice } from "./tunable_device.ts";

/**
 * Compares the levels of building a graph: its time at each, by function, with the confirmed differences. `device` must be of
 * this process.
 *
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TunebookError} for level 2 without a database, and level 3 without a budget
 * @throws {InterruptedError} if it is stopped before every level was measured
 */
export async function compare(
  graph: Graph,
  device: Device,
  options?: CompareGraphOptions,
): Promise<GraphComparison>;
/**
 * Compares Fallback, DLight, and AutoTVM with and without DLight on a program, at equal budgets. Then it re-measures the
 * winners, interleaved, so that noise does not decide. A method without a successful trial has a row without figures; so
 * has a method that `signal` prevented. Programs of a list are compared one after the other, each with the whole budget;
 * `path` is a folder then.
 *
 * Jupyter's interrupt ends the searches, as `signal` does; their winners are still re-measured. A second interrupt ends
 * that too and leaves the figures out. The kernel keeps its state.
 *
 * @throws {TunebookError} for an unknown method, a budget without a limit or a shape variable without a value
 */
export async function compare(
  func: PrimFunc,
  device: TunableDevice,
  options?: CompareOptions,
): Promise<Comparison>;
/** Compares the methods on each of several programs. */
export async function compare(
  funcs: readonly PrimFunc[],
  device: TunableDevice,
  options?: CompareOptions,
): Promise<Comparisons>;
/**
 * Compares the methods on each of several devices, as those of a fleet, at the same time. `path` is a folder then. Each
 * device's figures are its own; only their ratios compare.
 */
export async function compare(
  func: PrimFunc,
  devices: readonly TunableDevice[],
  options?: CompareOptions,
): Promise<Comparisons>;
export async function compare(
  funcs: PrimFunc | readonly PrimFunc[] | Graph,
  device: TunableDevice | Device | readonly TunableDevice[],
  options: CompareOptions | CompareGraphOptions = {},
): Promise<Comparison | Comparisons | GraphComparison> {
  if (funcs instanceof Graph) {
    return await compareGraph(funcs, device as Device, options as CompareGraphOptions);
  }
  if (isList(device)) return await compareDevices(funcs, device, options as CompareOptions);
  return await comparePrograms(funcs, device as TunableDevice, options as CompareOptions);
}

async function comparePrograms(
  funcs: PrimFunc | readonly PrimFunc[],
  device: TunableDevice,
  options: CompareOptions,
): Promise<Comparison | Comparisons> {
  for (const func of isList(funcs) ? funcs : [funcs]) checkArgument("compare", "func", func, kinds.program);
  checkArgument("compare", "device", device, kinds.device);
  checkOptions("compare", options, COMPARE_FIELDS, kinds.RENAMED);
  using stop = new Interruptible(options.signal);
  const { signal } = stop;
  if (!isList(funcs)) return await compareOne(funcs, device, options, signal);
  if (funcs.length === 0) throw new TunebookError("expected at least one program to compare, got none");
  const each: Comparison[] = [];
  for (const [k, func] of funcs.entries()) {
    const path = options.path === undefined ? {} : { path: logOf(options.path, k, func.name) };
    const { reporter: all } = options;
    const reporter = all && { reporter: numberedReporter(all, k, funcs.length) };
    each.push(await compareOne(func, device, { ...options, ...path, ...reporter }, signal));
  }
  return comparisonsOf(each, each.flatMap((c) => c.rows), options.budget, {
    title: `${each.length} operators`,
    subtitle: device.target.name,
  });
}

function isList<T>(x: T | readonly T[]): x is readonly T[] {
  return Array.isArray(x);
}
