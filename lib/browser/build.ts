/** Builds programs in a page. */
import { checkArgument, checkOptions, type Fields } from "../base/check_options.ts";
import { instanceOf, oneOf } from "../base/option_kinds.ts";
import { fallback } from "../dlight/fallback/fallback.ts";
import { rules } from "../dlight/schedule.ts";
import type { PrimFunc } from "../ir/func.ts";
import { programKind } from "../ir/kinds.ts";
import { Device } from "../runtime/device.ts";
import { buildBy, type BuiltProgram } from "./build_by.ts";

export type { BuiltProgram };

/** What `build` takes in a page. */
export interface BuildOptions {
  /** 0: Fallback, which schedules any program; 1: the DLight rule that matches. Default 1. */
  readonly level?: 0 | 1;
}

const BUILD_FIELDS = { level: oneOf(0, 1) } satisfies Fields<BuildOptions>;

/**
 * Builds a program for a device. An unscheduled program is scheduled first, by DLight unless `level` is 0.
 * `program.built` states how, and how long each stage took. A launch whose shapes exceed the device's limits runs as
 * Fallback schedules the program for long axes.
 *
 * @throws {OptionError} for an argument of a wrong kind
 * @throws {LowerError | LimitError} where the schedule has no kernel, or exceeds the device's limits
 * @throws {CompileError} for source that the driver refuses
 */
export async function build(
  func: PrimFunc,
  device: Device,
  options: BuildOptions = {},
): Promise<BuiltProgram> {
  checkArgument("build", "func", func, programKind);
  checkArgument("build", "device", device, instanceOf(Device, "a device, as await Device.open() gives"));
  checkOptions("build", options, BUILD_FIELDS);
  const { level = 1 } = options;
  return await buildBy(func, device, level, level === 0 ? [fallback] : rules);
}
