/** Opens a `Measuring` in a page, for jobs of a fleet. */
import { MeasuringHere } from "../measure/measuring_here.ts";
import type { Measuring, MeasuringOptions } from "../measure/measuring.ts";
import type { Device } from "../runtime/device.ts";
import { fallbackReference } from "./fallback_reference.ts";

/**
 * Opens a `Measuring` on a page's device. Results are checked against those of Fallback's kernel.
 *
 * @throws {TunebookError} where Fallback's kernel doesn't run on the device
 */
export async function openHere(
  device: Device,
  { func, shapes = {}, seed = 0, inputs: given = {}, deadlineMs }: MeasuringOptions,
): Promise<Measuring & { readonly ended: boolean }> {
  const { inputs, reference } = await fallbackReference(func, device, shapes, seed, given);
  return new MeasuringHere(device, {
    func,
    shapes,
    seed,
    inputs,
    reference,
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  });
}
