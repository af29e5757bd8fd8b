import { and, block, iterVar, seq, store, variable } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { bindingMap } from "../ir/flatten_block.ts";
import type { PrimFunc } from "../ir/func.ts";
import { Analyzer } from "../arith/analyzer.ts";
import type { Block } from "../ir/stmt.ts";
import { readsMemory, usesVar } from "../ir/visit.ts";
import { substitute } from "../ir/substitute.ts";
import { ScheduleError } from "./error.ts";
import { loopsLike } from "./box_loops.ts";
import { blocksOf, depthAmong, findBlock, findLoop } from "./find.ts";
import { FreshNames } from "./fresh_names.ts";
import { reads, storeOf, writes } from "./block_accesses.ts";
import { replaceStmt } from "./replace_stmt.ts";

/**
 * Splits a padding block in two. The first block fills with the constant, before a loop. The second copies the elements
 * that are not padding.
 *
 *                                            for i_pad in range(12):
 *     for i in range(12):                      P[i_pad] = 0
 *       P[i] = A[i] if i < 10 else 0    →    for i in range(12):
 *                                              where i < 10
 *                                              P[i] = A[i]
 *
 * The filling block gets copies of the loops inside, with the same kinds.
 *
 * @throws {ScheduleError} if the block does not select between an element and a constant by a condition on the position,
 * or if other blocks access the filled buffer
 */
export function decomposePadding(
  func: PrimFunc,
  name: string,
  loopName: string,
): { func: PrimFunc; block: string } {
  const { block: b, loops } = findBlock(func, name);
  const { loop } = findLoop(func, loopName);
  const asked = `cannot decompose the padding ${name} at loop ${loopName}`;
  const update = storeOf(b, "decompose the padding of");
  const { buffer, indices, value } = update;
  if (b.init || value.kind !== "select" || value.a.kind !== "load" || value.b.kind !== "const") {
    throw new ScheduleError(
      `${asked}: it does not store an element where a condition holds, and a constant elsewhere; only such blocks ` +
        `come apart`,
      b,
    );
  }
  const at = depthAmong(loops, loop, asked);
  const { cond, a: element, b: fill } = value;
  if (readsMemory(cond)) {
    throw new ScheduleError(`${asked}: its condition reads memory; only conditions on axes work`, b);
  }
  const stray = b.iters.find((it) => usesVar(cond, (v) => v === it.var) && !indices.includes(it.var));
  if (stray) {
    throw new ScheduleError(
      `${asked}: its condition depends on axis ${stray.var.name}, which is not an index of what it writes, and an ` +
        `element may be copied at one iteration and filled at another; only conditions on plain indices work`,
      b,
    );
  }
  const others = blocksOf(func.body).filter((x) => x.block !== b);
  const twin = others.find((x) => writes(x.block, buffer))?.block;
  if (twin || element.buffer === buffer) {
    throw new ScheduleError(
      `${asked}: ${twin ? `${twin.name} writes` : "it reads"} ${buffer.name} too, which the constant would ` +
        `overwrite; decompose the padding first`,
      twin ?? b,
    );
  }
  const blocks = blocksOf(loop).map((x) => x.block);
  const early = blocks.slice(0, blocks.indexOf(b)).find((x) => reads(x, buffer));
  if (early) {
    throw new ScheduleError(
      `${asked}: ${early.name} comes before it there and reads ${buffer.name}; choose a loop further in`,
      early,
    );
  }
  const analyzer = Analyzer.of(func);
  const names = new FreshNames(func);
  const { by, nest } = loopsLike(loops.slice(at), [b.where, ...b.bindings], "pad", names);
  const iters = b.iters.map((it) => iterVar(variable(it.var.name), it.extent, it.type));
  const rename = new Map<Var, Expr>(b.iters.map((it, k) => [it.var, (iters[k] as typeof it).var]));
  const bindings = b.bindings.map((e) => substitute(e, by));
  const filling = block(
    names.get(`${name}_pad_const`),
    iters,
    bindings,
    store(buffer, indices.map((e) => substitute(e, rename)), fill),
    { where: substitute(b.where, by) },
  );
  const where = analyzer.simplify(and(b.where, substitute(cond, bindingMap(b))));
  const copy: Block = { ...b, where, body: { ...update, value: element } };
  const now = replaceStmt(func, b, copy);
  const here = findLoop(now, loopName).loop;
  return { func: replaceStmt(now, here, seq(nest(filling), here)), block: filling.name };
}
