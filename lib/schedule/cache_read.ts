import { load, store } from "../ir/build.ts";
import { type Buffer, isReadOnly, type Scope } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { Analyzer } from "../arith/analyzer.ts";
import type { Block, For } from "../ir/stmt.ts";
import { replaceBuffers } from "../ir/substitute.ts";
import { ScheduleError } from "./error.ts";
import { boxRead, nestOver, wholeOf } from "./box_loops.ts";
import { blocksOf, findBlock } from "./find.ts";
import { FreshNames } from "./fresh_names.ts";
import { inputLoadsOf, writes } from "./block_accesses.ts";
import { replaceStmt } from "./replace_stmt.ts";
import { insert } from "./insert_nest.ts";
import { unstored } from "../ir/stored.ts";

/**
 * Makes a block read a buffer through a copy in another memory. The copy stands before the block, at top
 * level, or in the innermost loop where the buffer is still being written; computeAt moves it nearer.
 *
 *                                     for ax0 in range(64):
 *     for i in range(64):               A_local[ax0] = A[ax0]
 *       B[i] = A[i] + 1          →    for i in range(64):
 *                                       B[i] = A_local[i] + 1
 *
 * @throws {ScheduleError} where the block does not read the buffer, or the memory is a texture
 */
export function cacheRead(
  func: PrimFunc,
  name: string,
  bufferName: string,
  scope: Scope,
): { func: PrimFunc; block: string } {
  const { block: b, loops } = findBlock(func, name);
  const asked = `cannot cache the read of ${bufferName} in ${name}`;
  const found = buffersRead(b).find((x) => x.name === bufferName);
  if (!found) {
    throw new ScheduleError(
      `${asked}: it reads ${buffersRead(b).map((x) => x.name).join(", ") || "nothing"}`,
      b,
    );
  }
  if (isReadOnly(scope)) {
    throw new ScheduleError(
      `${asked} in ${scope} memory: only an input can be there; setScope("${bufferName}", "${scope}")`,
      b,
    );
  }
  const names = new FreshNames(func);
  const analyzer = Analyzer.of(func);
  const cached: Buffer = { ...unstored(found), name: names.get(`${bufferName}_${scope}`), scope };
  // In this loop, the block's inputs are written before its statement.
  const writers = blocksOf(func.body).filter((x) => x.block !== b && writes(x.block, found));
  const depth = loops.findLastIndex((l) => writers.some((w) => w.loops.includes(l)));
  const at = loops[depth];
  const inside = loops.slice(depth + 1);
  const copy = nestOver(
    cached.name,
    at ? boxRead(b, found, (v) => inside.some((l) => l.var === v), analyzer) : wholeOf(found),
    found.shape,
    names,
    analyzer,
    (v) => store(cached, v, load(found, ...v)),
  );
  const consumer = { ...b, body: replaceBuffers(b.body, new Map([[found, cached]])) };
  const before = replaceStmt(func, b, consumer);
  const now = insert(before, at && findSame(before, at), consumer, copy.nest, "before");
  return { func: now.with({ allocs: [...func.allocs, cached] }), block: copy.block.name };
}

function buffersRead(b: Block): readonly Buffer[] {
  return [...new Set(inputLoadsOf(b).map((l) => l.buffer))];
}

/** The loop of `func` with the same variable as `loop`. */
function findSame(func: PrimFunc, loop: For): For {
  for (const { loops } of blocksOf(func.body)) {
    const same = loops.find((l) => l.var === loop.var);
    if (same) return same;
  }
  return loop;
}
