/** The annotations of blocks that lowering reads, and schedules set. */
import type { ScalarType } from "./dtype.ts";

/** The stride of dimension `axis` is `offset` more than a multiple of `factor` elements. */
export interface Align {
  /** The dimension, counted from 0; never the last one. */
  readonly axis: number;
  /** The multiple, in elements. */
  readonly factor: number;
  /** Elements beyond the multiple, from 0 to `factor - 1`. */
  readonly offset: number;
}

/** How the array that a block writes is aligned: `axis,factor,offset`. */
export const ALIGN = "buffer_dim_align";
/** True where iterations alternate between two copies of the array. */
export const DOUBLE = "double_buffer_scope";
/** True where a block prepares inputs for other blocks: it runs once, when the inputs are bound. */
export const PREPARE = "prepare";
/** True where threads that share a block's reduction may exchange their partial sums in subgroups. */
export const SUBGROUPS = "subgroups";

/** True where threads may combine values with one element at once: each of the block's updates is atomic. */
export const ATOMIC = "atomic";

/** Whether WGSL has atomic operations on elements of this type, of its own or by their bits. */
export function isAtomicType(dtype: ScalarType): boolean {
  return dtype === "i32" || dtype === "u32" || dtype === "f32";
}

/** Reads the alignment of an array of `rank` dimensions from a note; undefined for an invalid note. */
export function alignOf(note: string, rank: number): Align | undefined {
  const [axis = NaN, factor = NaN, offset = NaN] = note.split(",").map(Number);
  const whole = [axis, factor, offset].every((n) => Number.isInteger(n) && n >= 0);
  // The last dimension has a stride of one.
  return whole && axis < rank - 1 && offset < factor ? { axis, factor, offset } : undefined;
}
