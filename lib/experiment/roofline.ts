import { flopsOf, trafficOf } from "../ir/count.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Shapes } from "../runtime/arguments.ts";
import type { Peaks } from "../target/target.ts";

/**
 * Milliseconds that a program takes at least on a device of such peaks: its arithmetic at the peak rate, or each
 * parameter once at the best bandwidth, whichever is longer (the roofline model; Williams et al., 2009).
 */
export function leastMs(func: PrimFunc, shapes: Shapes, peaks: Peaks): number {
  const bandwidth = Math.max(peaks.bufferGbps, peaks.textureGbps, peaks.copyGbps);
  return Math.max(flopsOf(func, shapes) / peaks.gflops, trafficOf(func, shapes) / bandwidth) / 1e6;
}
