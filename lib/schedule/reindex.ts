import { constant, forLoop, isConst, load, select, store } from "../ir/build.ts";
import type { Buffer, Expr, Load, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { Analyzer } from "../arith/analyzer.ts";
import type { Block, IterVar, Stmt, Store } from "../ir/stmt.ts";
import { mapExpr, mapStmt, memoized, readsMemory, usesVar, walkStmt } from "../ir/visit.ts";
import { substitute } from "../ir/substitute.ts";
import { insert } from "./insert_nest.ts";
import { ScheduleError } from "./error.ts";
import { refuseCopy } from "./refuse_in_place.ts";
import { nestOver, within } from "./box_loops.ts";
import { isOneToOne } from "./injective_bindings.ts";
import { blocksOf, findBlock } from "./find.ts";
import { FreshNames } from "./fresh_names.ts";
import { reads, storeOf, writes } from "./block_accesses.ts";
import { replaceStmt } from "./replace_stmt.ts";
import { unstored } from "../ir/stored.ts";

/**
 * Makes a block access a buffer through a copy whose dimensions are the block's axes: those that determine the position,
 * in the block's order. A buffer that is read is copied before the block's nest; one that is written, after it.
 *
 *                                             for ax0, ax1 in grid(6, 3):
 *     for i, k in grid(6, 3):                   A_reindex[ax0, ax1] = A[ax0 * 2 + ax1]
 *       B[i] = B[i] + A[i * 2 + k]       →    for i, k in grid(6, 3):
 *                                               B[i] = B[i] + A_reindex[i, k]
 *
 * @throws {ScheduleError} if the block does not access the buffer at exactly one position, computed from its axes; if the
 * copy would write an element twice or outside of the buffer; or if other blocks in its nest access the buffer
 */
export function reindex(func: PrimFunc, name: string, bufferName: string): { func: PrimFunc; block: string } {
  const { block: b, loops } = findBlock(func, name);
  const asked = `cannot reindex ${bufferName} in ${name}`;
  const refuse = (why: string, at: Block = b): never => {
    throw new ScheduleError(`${asked}: ${why}`, at);
  };
  const own = storeOf(b, "reindex").buffer;
  const all = accesses(b);
  const [first, ...others] = all.filter((x) => x.buffer.name === bufferName);
  if (!first) return refuse(`it accesses ${[...new Set(all.map((x) => x.buffer.name))].join(", ")}`);
  const { buffer, indices } = first;
  const analyzer = Analyzer.of(func);
  for (const it of b.iters) analyzer.bind(it.var, it.extent);
  if (others.some((x) => x.indices.some((e, d) => !analyzer.provesEqual(e, indices[d] as Expr)))) {
    refuse(`it accesses ${bufferName} at several places; only one becomes an index of its axes`);
  }
  if (indices.some(readsMemory)) {
    refuse(`where it accesses ${bufferName} is read from memory; only indices of its axes can be replaced`);
  }
  const axes = b.iters.filter((it) => indices.some((e) => usesVar(e, (v) => v === it.var)));
  const known = new Set([...func.shapeVars, ...axes.map((it) => it.var)]);
  if (indices.some((e) => usesVar(e, (v) => !known.has(v)))) {
    refuse(`where it accesses ${bufferName} depends on loops that are no axes of it`);
  }
  const uneven = axes.find((it) => usesVar(it.extent, (v) => !func.shapeVars.includes(v)));
  if (uneven) {
    refuse(
      `axis ${uneven.var.name} has another extent at each iteration of a loop; only a box can be a buffer`,
    );
  }
  if (axes.reduce((n, it) => n * (isConst(it.extent) ? it.extent.value : 1), 1) >= 2 ** 31) {
    refuse(`the copy would have 2^31 elements or more; split the work first`);
  }
  const inside = within(indices, buffer.shape, analyzer);
  const written = buffer === own;
  if (written) refuseCopy(func, buffer, asked, b);
  for (const { block: x, loops: around } of blocksOf(func.body)) {
    if (x === b) continue;
    const together = loops[0] !== undefined && loops[0] === around[0];
    if ((written || together) && writes(x, buffer)) {
      refuse(`${x.name} writes ${bufferName} too; reindex before decomposing or moving blocks together`, x);
    }
    if (written && together && reads(x, buffer)) {
      refuse(`${x.name} reads ${bufferName} in the same nest; reindex before moving blocks together`, x);
    }
  }
  if (written && !isOneToOne({ ...b, bindings: indices }, axes.map((it) => loopOf(it, b)), analyzer)) {
    refuse(`several values of its axes may write one element of ${bufferName}; reindex what it reads`);
  }
  if (written && !isConst(inside, 1)) {
    refuse(`not all values of its axes certainly lie in ${bufferName}; reindex what it reads`);
  }

  const names = new FreshNames(func);
  const shape = axes.map((it) => it.extent);
  const copied: Buffer = {
    ...unstored(buffer),
    name: names.get(`${bufferName}_reindex`),
    shape,
    scope: "global",
  };
  const copy = nestOver(
    copied.name,
    shape.map((extent) => ({ min: constant(0), extent })),
    shape,
    names,
    analyzer,
    (v) => {
      const by = new Map(axes.map((it, d) => [it.var, v[d] as Var]));
      const at = indices.map((e) => substitute(e, by));
      if (written) return store(buffer, at, load(copied, ...v));
      // A read under a condition may be out of bounds where the condition does not hold.
      return store(copied, v, select(substitute(inside, by), load(buffer, ...at), constant(0, buffer.dtype)));
    },
  );
  const plain = axes.map((it) => it.var);
  const expr: (e: Expr) => Expr = memoized((e) =>
    e.kind === "load" && e.buffer === buffer ? load(copied, ...plain) : mapExpr(e, expr)
  );
  const stmt = (s: Stmt): Stmt => {
    const x = mapStmt(s, stmt, expr);
    return x.kind === "store" && x.buffer === buffer ? { ...x, buffer: copied, indices: plain } : x;
  };
  const now: Block = { ...b, body: stmt(b.body), ...(b.init ? { init: stmt(b.init) } : {}) };
  const after = insert(replaceStmt(func, b, now), undefined, now, copy.nest, written ? "after" : "before");
  return { func: after.with({ allocs: [...func.allocs, copied] }), block: copy.block.name };
}

/** All loads and stores of a block. */
function accesses(b: Block): readonly (Load | Store)[] {
  const found: (Load | Store)[] = [];
  for (const s of b.init ? [b.init, b.body] : [b.body]) {
    walkStmt(s, (x) => x.kind === "store" && found.push(x), (e) => e.kind === "load" && found.push(e));
  }
  return found;
}

function loopOf(it: IterVar, b: Block) {
  return forLoop(it.var, it.extent, b);
}
