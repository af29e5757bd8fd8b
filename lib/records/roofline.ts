import { bytesOf } from "../ir/dtype.ts";
import { flopsOf, trafficOf } from "../ir/count.ts";
import type { PrimFunc } from "../ir/func.ts";
import { outputsOf } from "../ir/outputs.ts";
import { elementsOf, type Shapes } from "../ir/shapes.ts";
import type { Peaks } from "../target/target.ts";

/** How far a true record may lie above measured peaks: f16 computes twice as fast as f32, and a mask halves the work. */
const SLACK = 4;

/** No device comes near these: an exaflop a second, and a petabyte a second. */
const IMPOSSIBLE: Peaks = { gflops: 1e9, bufferGbps: 1e6, textureGbps: 0, copyGbps: 0, launchMs: 0 };

/** Milliseconds of so much work: all arithmetic at the peak rate, or all bytes at the best bandwidth, the longer of both. */
function boundMs(flops: number, bytes: number, { gflops, bufferGbps, textureGbps, copyGbps }: Peaks): number {
  return Math.max(flops / gflops, bytes / Math.max(bufferGbps, textureGbps, copyGbps)) / 1e6;
}

/**
 * Milliseconds that a program takes at least on a device of such peaks: its arithmetic, or each parameter once (the
 * roofline model; Williams et al., 2009).
 */
export function leastMs(func: PrimFunc, shapes: Shapes, peaks: Peaks): number {
  return boundMs(flopsOf(func, shapes), trafficOf(func, shapes), peaks);
}

/**
 * The shortest time in milliseconds that a record can claim: as `leastMs`, less a slack of four, and of results only,
 * as a program may leave most of a table unread. Without peaks, of the fastest device that could be thought of.
 */
export function shortestMs(func: PrimFunc, shapes: Shapes, peaks: Peaks = IMPOSSIBLE): number {
  const bytes = outputsOf(func).reduce((n, b) => n + bytesOf(b.dtype) * elementsOf(b.shape, shapes), 0);
  return boundMs(flopsOf(func, shapes), bytes, peaks) / SLACK;
}
