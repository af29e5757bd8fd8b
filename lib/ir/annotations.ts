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
/** True where two copies are kept, between which iterations alternate. */
export const DOUBLE = "double_buffer_scope";
/** True where a block makes of inputs what others read, once for as long as these stay. */
export const PREPARE = "prepare";
/** True where threads that share a block's reduction may hand each other their parts in subgroups. */
export const SUBGROUPS = "subgroups";

/** The alignment that a note says of an array of `rank` dimensions; undefined where it can't be one. */
export function alignOf(note: string, rank: number): Align | undefined {
  const [axis = NaN, factor = NaN, offset = NaN] = note.split(",").map(Number);
  const whole = [axis, factor, offset].every((n) => Number.isInteger(n) && n >= 0);
  // The last dimension has a stride of one.
  return whole && axis < rank - 1 && offset < factor ? { axis, factor, offset } : undefined;
}
