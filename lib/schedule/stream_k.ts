import { constant, seq } from "../ir/build.ts";
import type { Buffer } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { Analyzer } from "../arith/analyzer.ts";
import { ScheduleError } from "./error.ts";
import { isStraight } from "./box_loops.ts";
import { updateOf } from "./rfactor.ts";
import { findBlock } from "./find.ts";
import { FreshNames } from "./fresh_names.ts";
import { replaceStmt } from "./replace_stmt.ts";
import { partialSumsNest, totalNest } from "./stream_k_blocks.ts";
import { stepRanges } from "./stream_k_ranges.ts";

/**
 * Divides a reduction into equal ranges of steps, for any number of tiles. The steps of all tiles form one sequence, tile
 * after tile, and each worker gets a range of it, which may cross tiles (stream-K: Osama et al., 2023, "Stream-K:
 * Work-centric Parallel Decomposition for Dense Matrix-Matrix Multiplication on the GPU"). A new block computes each
 * worker's partial sum for each of its tiles, and the block adds the partial sums of each tile. `tile` has a number for
 * each spatial axis; `step` is for the reduced axis.
 *
 *                                         for worker, slot, i_1, turn, k in grid(2, 2, 4, 3, 4):
 *                                           init: B_parts[worker, slot, i_1] = 0
 *                                           B_parts[worker, slot, i_1] = B_parts[worker, slot, i_1]
 *     for i, k in grid(8, 12):                + (A[tile(worker, slot) * 4 + i_1, step(worker, turn) * 4 + k]
 *       init: B[i] = 0              →             if in range(worker, slot, turn) else 0)
 *       B[i] = B[i] + A[i, k]             for i, part in grid(8, 2):
 *                                           init: B[i] = 0
 *                                           B[i] = B[i] + (B_parts[worker(i // 4, part), slot(i // 4, part), i % 4]
 *                                             if there is one else 0)                 (tile 4, step 4, 2 workers)
 *
 * @throws {ScheduleError} if the block is not alone in one serial loop per axis, does not reduce over exactly one axis, is
 * not divisible by tile or step, or has fewer steps than workers
 */
export function streamK(
  func: PrimFunc,
  name: string,
  tile: readonly number[],
  step: number,
  workers: number,
): { func: PrimFunc; block: string } {
  const found = findBlock(func, name);
  const { block: b, loops } = found;
  const asked = `cannot share the steps of ${name} out among ${workers} workers`;
  const analyzer = Analyzer.of(func);
  const [top] = loops;
  if (!b.init || !top || !isStraight(found, analyzer)) {
    throw new ScheduleError(
      `${asked}: it is not a whole reduction, alone in one serial loop per axis; streamK before changing its loops`,
      top ?? b,
    );
  }
  const update = updateOf(b, asked);
  const ranges = stepRanges(b, tile, step, workers, asked);
  const names = new FreshNames(func);
  const old = update.store.buffer;
  const partial: Buffer = {
    ...old,
    name: names.get(`${old.name}_parts`),
    shape: [ranges.workers, ranges.slots, ...tile].map((n) => constant(n)),
    scope: "global",
  };
  const parts = partialSumsNest(b, loops, { tile, step, ranges, partial, update, names, analyzer });
  const total = totalNest(b, loops, { tile, ranges, partial, update, names, analyzer });
  const now = replaceStmt(func, top, seq(parts.nest, total));
  return { func: now.with({ allocs: [...func.allocs, partial] }), block: parts.block.name };
}
