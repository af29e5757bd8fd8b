import { bytesOf } from "../ir/dtype.ts";
import { flopsOf, trafficOf } from "./work.ts";
import type { PrimFunc } from "../ir/func.ts";
import { outputsOf } from "../ir/parameters.ts";
import { countElements, type Shapes } from "../ir/shapes.ts";
import type { Peaks } from "../target/target.ts";

/** How far a true record may lie above measured peaks: f16 computes twice as fast as f32, and a mask halves the work. */
const SLACK = 4;

/** No device comes near these: an exaflop a second, and a petabyte a second. */
const IMPOSSIBLE: Peaks = { gflops: 1e9, bufferGbps: 1e6, textureGbps: 0, copyGbps: 0, launchMs: 0 };

/** The bound of a program on a device, which no schedule exceeds. */
export interface Roofline {
  /** Arithmetic at the peak rate, or memory at the best bandwidth: which of both takes longer. */
  readonly bound: "arithmetic" | "memory";
  /** The time of the longer one, milliseconds. */
  readonly ms: number;
  /** Operations on floats. */
  readonly flops: number;
  /** Bytes that must move. */
  readonly bytes: number;
}

function rooflineOf(flops: number, bytes: number, peaks: Peaks): Roofline {
  const { gflops, bufferGbps, textureGbps, copyGbps } = peaks;
  const arithmetic = flops / gflops / 1e6, memory = bytes / Math.max(bufferGbps, textureGbps, copyGbps) / 1e6;
  return {
    bound: arithmetic > memory ? "arithmetic" : "memory",
    ms: Math.max(arithmetic, memory),
    flops,
    bytes,
  };
}

/**
 * The bound of a program on a device of such peaks: its arithmetic, or each parameter once (the roofline model;
 * Williams et al., 2009).
 */
export function roofline(func: PrimFunc, shapes: Shapes, peaks: Peaks): Roofline {
  return rooflineOf(flopsOf(func, shapes), trafficOf(func, shapes), peaks);
}

/** Milliseconds that a program takes at least on a device of such peaks, by its roofline. */
export function leastMs(func: PrimFunc, shapes: Shapes, peaks: Peaks): number {
  return roofline(func, shapes, peaks).ms;
}

/**
 * The shortest time in milliseconds that a record can claim: as `leastMs`, less a slack of four, and of results only,
 * as a program may leave most of a table unread. Without peaks, of the fastest device that could be thought of.
 */
export function shortestMs(func: PrimFunc, shapes: Shapes, peaks: Peaks = IMPOSSIBLE): number {
  const bytes = outputsOf(func).reduce((n, b) => n + bytesOf(b.dtype) * countElements(b.shape, shapes), 0);
  return rooflineOf(flopsOf(func, shapes), bytes, peaks).ms / SLACK;
}
