import { bytesOf } from "../ir/dtype.ts";
import { flopsOf } from "../ir/count.ts";
import type { PrimFunc } from "../ir/func.ts";
import { outputsOf } from "../ir/outputs.ts";
import { elementsOf, type Shapes } from "../ir/shapes.ts";
import type { Peaks } from "../target/target.ts";

/** How far a true record may lie above measured peaks: f16 computes twice as fast as f32, and a mask halves the work. */
const SLACK = 4;

/** No device comes near these: an exaflop a second, and a petabyte a second. */
const IMPOSSIBLE: Peaks = { gflops: 1e9, bufferGbps: 1e6, textureGbps: 0, copyGbps: 0, launchMs: 0 };

/**
 * The shortest time in milliseconds that a device could take: all arithmetic at its peak rate, or all results
 * written at its best bandwidth, whichever is longer, less a slack of four. Inputs do not count, as a program may
 * leave most of a table unread. Without peaks, of the fastest device that could be thought of.
 */
export function shortestMs(func: PrimFunc, shapes: Shapes, peaks: Peaks = IMPOSSIBLE): number {
  const bytes = outputsOf(func).reduce((n, b) => n + bytesOf(b.dtype) * elementsOf(b.shape, shapes), 0);
  const gbps = Math.max(peaks.bufferGbps, peaks.textureGbps, peaks.copyGbps);
  return Math.max(flopsOf(func, shapes) / peaks.gflops, bytes / gbps) / 1e6 / SLACK;
}
