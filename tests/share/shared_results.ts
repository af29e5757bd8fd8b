/** Results to share, with made-up times: nothing is measured. */
import { tune, type TuneOptions } from "../../lib/tuning/tune.ts";
import type { TuneLog } from "../../lib/tuning/tune_log.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import type { Device } from "../../lib/runtime/device.ts";
import { type Answer, byText, SimulatedMeasuring } from "../tuning/simulated_measuring.ts";

/** A search of a few trials whose times depend on the kernels' texts alone. */
export async function searched(
  func: PrimFunc,
  device: Device,
  options: Partial<TuneOptions> = {},
  answer: Answer = byText,
): Promise<TuneLog> {
  const { open } = new SimulatedMeasuring(answer);
  return await tune(func, device, { budget: { trials: 6 }, open, rounds: 7, ...options });
}
