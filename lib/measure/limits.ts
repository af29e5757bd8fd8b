/** Converts a request's limits, which are multiples, to milliseconds of this machine. */
import { median } from "../base/statistics.ts";
import { leastMs } from "../estimate/roofline.ts";
import type { Incumbent, MeasureLimits, MeasuringOptions } from "./measuring.ts";

/** Default longest time for one candidate, and for scheduling one program, milliseconds. */
export const DEADLINE_MS = 30_000;
/** A long compilation, milliseconds, or as a multiple of the usual one on a busy or slow machine. */
const COMPILE_MS = 4000;
const LONG = 20;

/**
 * Gives the time after which a candidate counts as hanging, milliseconds: a long compilation, and a multiple of the
 * incumbent's runs. Infinity without a limit or an incumbent. `compileMs` holds the times of earlier compilations.
 */
export function hangingMs(
  { hanging }: MeasureLimits,
  incumbent: Pick<Incumbent, "ms"> | undefined,
  compileMs: readonly number[],
): number {
  if (hanging === undefined || !incumbent) return Infinity;
  const usual = median(compileMs);
  return Math.max(COMPILE_MS, usual > 0 ? LONG * usual : 0) + hanging * incumbent.ms;
}

/**
 * Gives the time of a run above which a candidate gets one sample, milliseconds: a multiple of the incumbent's time, or
 * of the roofline's bound before the first incumbent. Undefined without a limit.
 */
export function hopelessMs(
  { hopeless, hopelessRoofline }: MeasureLimits,
  incumbent: Pick<Incumbent, "ms"> | undefined,
  { func, shapes = {}, target: { peaks } }: Pick<MeasuringOptions, "func" | "shapes" | "target">,
): number | undefined {
  if (incumbent) return hopeless === undefined ? undefined : hopeless * incumbent.ms;
  if (hopelessRoofline === undefined || !peaks) return undefined;
  return hopelessRoofline * leastMs(func, shapes, peaks);
}
