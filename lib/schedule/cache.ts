import { load, seq, store } from "../ir/build.ts";
import { type Buffer, isReadOnly, type Scope } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { Analyzer } from "../ir/simplify.ts";
import type { Block, For, Stmt } from "../ir/stmt.ts";
import { replaceBuffers } from "../ir/visit.ts";
import { ScheduleError } from "./error.ts";
import { boxRead, nestOver, wholeOf } from "./nest.ts";
import {
  blocksOf,
  consumersOf,
  contains,
  findBlock,
  FreshNames,
  inputsOf,
  replaceStmt,
  storeOf,
  writes,
} from "./tree.ts";

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
  const cached: Buffer = { ...found, name: names.get(`${bufferName}_${scope}`), scope };
  // In this loop, what the block reads has been written by the time its statement is reached.
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

/**
 * Makes a block write a new buffer in another memory, and copies that to the old one after the block's nest;
 * reverseComputeAt moves the copy nearer.
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
  const { buffer } = storeOf(b, "cache the write of");
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
  const cached: Buffer = { ...buffer, name: names.get(`${buffer.name}_${scope}`), scope };
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

function buffersRead(b: Block): readonly Buffer[] {
  return [...new Set(inputsOf(b).map((l) => l.buffer))];
}

/** The loop of `func` with the same variable as `loop`. */
function findSame(func: PrimFunc, loop: For): For {
  for (const { loops } of blocksOf(func.body)) {
    const same = loops.find((l) => l.var === loop.var);
    if (same) return same;
  }
  return loop;
}

/** Puts `nest` into the body of `loop` (or at top level), next to the statement that holds `block`. */
export function insert(
  func: PrimFunc,
  loop: For | undefined,
  block: Block,
  nest: Stmt,
  side: "before" | "after",
): PrimFunc {
  const body = loop ? loop.body : func.body;
  const parts = body.kind === "seq" ? body.body : [body];
  const out = parts.flatMap((s) => !contains(s, block) ? [s] : side === "before" ? [nest, s] : [s, nest]);
  return loop ? replaceStmt(func, loop, { ...loop, body: seq(...out) }) : func.with({ body: seq(...out) });
}
