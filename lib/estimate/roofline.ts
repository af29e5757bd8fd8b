import { checkArgument } from "../base/check_options.ts";
import { programKind, shapesKind } from "../ir/kinds.ts";
import { peaksKind } from "../target/kinds.ts";
import { flopsOf, trafficOf } from "./work.ts";
import type { PrimFunc } from "../ir/func.ts";
import { isInPlace, outputsOf } from "../ir/parameters.ts";
import { countElements, type Shapes } from "../ir/shapes.ts";
import type { Peaks } from "../target/target.ts";
import { storageBytes, storageOf } from "../ir/stored.ts";

/** The factor by which a true record may exceed measured peaks: f16 is twice as fast as f32, and a mask halves the work. */
const SLACK = 4;

/** Peaks far above any device: an exaflop and a petabyte per second. */
const IMPOSSIBLE: Peaks = { gflops: 1e9, bufferGbps: 1e6, textureGbps: 0, copyGbps: 0, launchMs: 0 };

/** The bound of a program on a device, which no schedule exceeds. */
export interface Roofline {
  /** The slower of the two: arithmetic at the peak rate, or memory at the best bandwidth. */
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
 * Bounds the time of a program on a device with these peaks, by the roofline model (Williams et al., 2009): its
 * arithmetic, or one access of each parameter.
 *
 * @throws {OptionError} for an argument of a wrong kind
 */
export function roofline(func: PrimFunc, shapes: Shapes, peaks: Peaks): Roofline {
  checkArgument("records.roofline", "func", func, programKind);
  checkArgument("records.roofline", "shapes", shapes, shapesKind);
  checkArgument("records.roofline", "peaks", peaks, peaksKind);
  return rooflineOf(flopsOf(func, shapes), trafficOf(func, shapes), peaks);
}

/** Gives the shortest time of a program on a device with these peaks, by its roofline, milliseconds. */
export function leastMs(func: PrimFunc, shapes: Shapes, peaks: Peaks): number {
  return roofline(func, shapes, peaks).ms;
}

/**
 * Gives the shortest time that a record can claim, milliseconds: `leastMs` divided by four. It counts results only, and
 * none that are updated in place: a program may leave most of a table unread or unwritten. Without measured peaks it
 * assumes a device far above any real one.
 */
export function shortestMs(func: PrimFunc, shapes: Shapes, peaks: Peaks = IMPOSSIBLE): number {
  const bytes = outputsOf(func).filter((b) => !isInPlace(func, b))
    .reduce((n, b) => n + storageBytes(storageOf(b)) * countElements(b.shape, shapes), 0);
  return rooflineOf(flopsOf(func, shapes), bytes, peaks).ms / SLACK;
}
