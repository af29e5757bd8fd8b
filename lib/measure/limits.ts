/** A request's limits, which are multiples, in milliseconds of this machine. */
import { median } from "../base/statistics.ts";
import { leastMs } from "../estimate/roofline.ts";
import type { Incumbent, MeasureLimits, MeasuringOptions } from "./measuring.ts";

/** A long compilation, milliseconds, or as a multiple of the usual one on a busy or slow machine. */
const COMPILE_MS = 4000;
const LONG = 20;

/**
 * Milliseconds after which a candidate hangs: a long compilation, and a multiple of the incumbent's runs. Infinity
 * where there is no limit or no incumbent. `compileMs` holds what compilations took so far.
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
 * Milliseconds of a run above which a candidate gets one sample: a multiple of the incumbent's time, or of the
 * roofline's bound while there is no incumbent. Undefined where there is no limit.
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
