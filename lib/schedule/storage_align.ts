import type { PrimFunc } from "../ir/func.ts";
import { ALIGN, alignOf, DOUBLE } from "../ir/annotations.ts";
import type { Block } from "../ir/stmt.ts";
import { ScheduleError } from "./error.ts";
import { findBlock } from "./find.ts";
import { storeOf } from "./block_accesses.ts";
import { annotate } from "./annotate.ts";

/**
 * Lays out the workgroup memory that a block writes so that the stride of dimension `axis` is `offset` more than
 * a multiple of `factor` elements: neighbouring rows then start in different banks.
 *
 *     with T.block("A_shared"):      →    with T.block("A_shared"):
 *                                           T.block_attr({"buffer_dim_align": "0,32,1"})
 *
 * @throws {ScheduleError} for memory that is not shared, the last dimension, or an offset not below the factor
 */
export function storageAlign(
  func: PrimFunc,
  name: string,
  axis: number,
  factor: number,
  offset: number,
): PrimFunc {
  const asked = `cannot align dimension ${axis} of what ${name} writes to ${factor} and ${offset}`;
  const b = writerOfShared(func, name, asked);
  const rank = storeOf(b, "align").indices.length;
  const note = `${axis},${factor},${offset}`;
  if (!alignOf(note, rank)) {
    throw new ScheduleError(
      `${asked}: it has ${rank} dimensions, and the last one has a fixed stride; ` +
        `the factor is positive, and the offset below it`,
      b,
    );
  }
  return annotate(func, name, ALIGN, note);
}

/**
 * Keeps two copies of the workgroup memory that a block writes. The iterations of the serial loop around all its uses
 * alternate between them, so that one copy may be written while the other is still read.
 *
 *     with T.block("A_shared"):      →    with T.block("A_shared"):
 *                                           T.block_attr({"double_buffer_scope": True})
 *
 * @throws {ScheduleError} for memory that is not shared
 */
export function doubleBuffer(func: PrimFunc, name: string): PrimFunc {
  writerOfShared(func, name, `cannot keep two of what ${name} writes`);
  return annotate(func, name, DOUBLE, true);
}

function writerOfShared(func: PrimFunc, name: string, asked: string): Block {
  const { block: b } = findBlock(func, name);
  const { buffer } = storeOf(b, "lay out the memory of");
  if (buffer.scope === "shared") return b;
  throw new ScheduleError(
    `${asked}: ${buffer.name} is in ${buffer.scope} memory, and only workgroup memory is laid out by schedules; ` +
      `setScope("${name}", "shared") first`,
    b,
  );
}
