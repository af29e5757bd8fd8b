/** Results to share, with made-up times: nothing is measured. */
import { tune, type TuneOptions } from "../../lib/tuning/tune.ts";
import type { TuneLog } from "../../lib/tuning/tune_log.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import type { Device } from "../../lib/runtime/device.ts";
import { type Answer, byText, SimulatedMeasurer } from "../tuning/simulated_measurer.ts";

/** A search of a few trials whose times depend on the kernels' texts alone. */
export async function searched(
  func: PrimFunc,
  device: Device,
  options: Partial<TuneOptions> = {},
  answer: Answer = byText,
): Promise<TuneLog> {
  const { seed = 0, shapes = {} } = options;
  const { measurer } = new SimulatedMeasurer(func, answer, { seed, shapes, prefer: device.target.kind });
  return await tune(func, device, { budget: { trials: 6 }, measurer, rounds: 7, seed, ...options });
}
