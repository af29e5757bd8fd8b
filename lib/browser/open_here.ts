/** Opens a `Measuring` in a page, for jobs of a fleet. */
import { awakeDeadline } from "../measure/awake_deadline.ts";
import { DEADLINE_MS } from "../measure/limits.ts";
import { hung, MeasuringHere } from "../measure/measuring_here.ts";
import type { Measuring, MeasuringOptions } from "../measure/measuring.ts";
import type { Device } from "../runtime/device.ts";
import { fallbackReference } from "./fallback_reference.ts";

/** A `Measuring` that says whether its device still answers. */
export type MeasuringInPage = Measuring & { readonly ended: boolean };

/**
 * Opens a `Measuring` on a page's device. Results are checked against those of Fallback's kernel. If the device doesn't
 * answer meanwhile, each measurement is a `timeout`.
 *
 * @throws {TunebookError} where Fallback's kernel doesn't run on the device
 */
export async function openHere(device: Device, options: MeasuringOptions): Promise<MeasuringInPage> {
  const { func, shapes = {}, seed = 0, inputs: given = {}, deadlineMs = DEADLINE_MS } = options;
  using deadline = awakeDeadline(deadlineMs);
  const opening = fallbackReference(func, device, shapes, seed, given);
  // What is given up may still fail.
  opening.catch(() => {});
  const opened = await Promise.race([opening, deadline.late]);
  if (!opened) return endedHere(options, deadlineMs);
  return new MeasuringHere(device, { func, shapes, seed, deadlineMs, ...opened });
}

/** What is left of a device that does not answer. */
function endedHere(options: MeasuringOptions, ms: number): MeasuringInPage {
  const measurement = hung(ms), nothing = () => Promise.resolve();
  return {
    options,
    ended: true,
    busyMs: 0,
    canWarm: false,
    measure: () => Promise.resolve({ measurement, promoted: false }),
    race: (candidates) => Promise.resolve(candidates.map(() => measurement)),
    warm: nothing,
    abandon: nothing,
    [Symbol.asyncDispose]: nothing,
  };
}
