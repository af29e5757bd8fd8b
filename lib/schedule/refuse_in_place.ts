/** What a parameter that is updated in place forbids: its elements have values that no block of the program makes. */
import type { Buffer } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { isInPlace } from "../ir/parameters.ts";
import type { Block } from "../ir/stmt.ts";
import { accessesTo, buffersWrittenBy } from "./block_accesses.ts";
import { ScheduleError } from "./error.ts";
import { blocksOf } from "./find.ts";

/**
 * Refuses to move a block that shares a buffer which is updated in place with another block, where one of them writes it:
 * their order is what the values depend on.
 *
 * @throws {ScheduleError} for such a block
 */
export function refuseMove(func: PrimFunc, b: Block, asked: string): void {
  if (func.inPlace.length === 0) return;
  const own = buffersWrittenBy(b);
  for (const buffer of func.params.filter((p) => isInPlace(func, p) && accessesTo(b, p).length > 0)) {
    const other = blocksOf(func.body).find(({ block: x }) =>
      x !== b && x.name !== b.name && accessesTo(x, buffer).some((a) => a.write || own.has(buffer))
    )?.block;
    if (!other) continue;
    throw new ScheduleError(
      `${asked}: ${buffer.name} is updated in place, and ${other.name} accesses it too; leave them in their order`,
      b,
    );
  }
}

/**
 * Refuses to put another buffer in the place of one that is updated in place.
 *
 * @throws {ScheduleError} for such a buffer
 */
export function refuseCopy(func: PrimFunc, buffer: Buffer, asked: string, b: Block): void {
  if (!isInPlace(func, buffer)) return;
  throw new ScheduleError(
    `${asked}: ${buffer.name} is updated in place, and a copy would not have its other elements; write it as it is`,
    b,
  );
}
