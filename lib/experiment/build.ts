import { compile } from "../codegen/compile.ts";
import * as dlight from "../dlight/schedule.ts";
import { nodesOf } from "../dlight/analysis.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Device } from "../runtime/device.ts";
import type { Program } from "../runtime/program.ts";

/**
 * Builds a program for a device. A program that nobody has scheduled yet is scheduled by DLight.
 *
 * @throws {LowerError | LimitError} where the schedule has no kernel, or the device's limits stand against it
 * @throws {CompileError} for source that the driver refuses
 */
export function build(func: PrimFunc, device: Device): Promise<Program> {
  const scheduled = nodesOf(func) ? dlight.schedule(func, device.target).func : func;
  return device.load(compile(scheduled, device.target));
}
