/** The annotations of blocks that lowering reads, and schedules set. */

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

/** Reads the alignment of an array of `rank` dimensions from a note; undefined for an invalid note. */
export function alignOf(note: string, rank: number): Align | undefined {
  const [axis = NaN, factor = NaN, offset = NaN] = note.split(",").map(Number);
  const whole = [axis, factor, offset].every((n) => Number.isInteger(n) && n >= 0);
  // The last dimension has a stride of one.
  return whole && axis < rank - 1 && offset < factor ? { axis, factor, offset } : undefined;
}
