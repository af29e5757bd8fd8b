import { load, store } from "../ir/build.ts";
import { type Buffer, isReadOnly, type Scope } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { Analyzer } from "../arith/analyzer.ts";
import type { Block } from "../ir/stmt.ts";
import { replaceBuffers } from "../ir/substitute.ts";
import { ScheduleError } from "./error.ts";
import { refuseCopy } from "./refuse_in_place.ts";
import { nestOver, wholeOf } from "./box_loops.ts";
import { blocksOf, findBlock } from "./find.ts";
import { consumersOf } from "./dependences.ts";
import { FreshNames } from "./fresh_names.ts";
import { replaceStmt } from "./replace_stmt.ts";
import { storesOf, writes } from "./block_accesses.ts";
import { insert } from "./insert_nest.ts";
import { unstored } from "../ir/stored.ts";

/**
 * Makes a block write a new buffer in another memory, and copies that to the old one after the block's nest;
 * reverseComputeAt moves the copy nearer. Of
 * a block with several results, it is the first one that is not in that memory yet.
 *
 *                                     for i in range(64):
 *     for i in range(64):               B_local[i] = A[i] + 1
 *       B[i] = A[i] + 1          →    for ax0 in range(64):
 *                                       B[ax0] = B_local[ax0]
 *
 * @throws {ScheduleError} where others write the buffer too, or read it before the copy would be made
 */
export function cacheWrite(func: PrimFunc, name: string, scope: Scope): { func: PrimFunc; block: string } {
  const { block: b, loops } = findBlock(func, name);
  const asked = `cannot cache the write of ${name} in ${scope} memory`;
  const stores = storesOf(b, "cache the write of");
  const { buffer } = stores.find((s) => s.buffer.scope !== scope) ?? stores[0];
  refuseCopy(func, buffer, asked, b);
  if (isReadOnly(scope)) {
    throw new ScheduleError(
      `${asked}: that is read-only; global, shared and local work`,
      b,
    );
  }
  const other = blocksOf(func.body).find((x) => x.block !== b && writes(x.block, buffer))?.block;
  if (other) {
    throw new ScheduleError(
      `${asked}: ${other.name} writes ${buffer.name} too; cacheWrite before decomposing the reduction`,
      other,
    );
  }
  const early = consumersOf(func, b).find((c) => loops[0] && c.loops[0] === loops[0])?.block;
  if (early) {
    throw new ScheduleError(
      `${asked}: ${early.name} reads ${buffer.name} in the same nest; cacheWrite before moving blocks together`,
      early,
    );
  }
  const names = new FreshNames(func);
  const cached: Buffer = { ...unstored(buffer), name: names.get(`${buffer.name}_${scope}`), scope };
  const by = new Map([[buffer, cached]]);
  const now: Block = {
    ...b,
    body: replaceBuffers(b.body, by),
    ...(b.init ? { init: replaceBuffers(b.init, by) } : {}),
  };
  const copy = nestOver(
    cached.name,
    wholeOf(buffer),
    buffer.shape,
    names,
    Analyzer.of(func),
    (v) => store(buffer, v, load(cached, ...v)),
  );
  const after = replaceStmt(func, b, now);
  return {
    func: insert(after, undefined, now, copy.nest, "after").with({ allocs: [...func.allocs, cached] }),
    block: copy.block.name,
  };
}
