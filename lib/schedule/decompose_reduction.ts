import { block, constant, iterVar, seq, store, variable } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { Analyzer } from "../arith/analyzer.ts";
import type { IterVar } from "../ir/stmt.ts";
import { substitute } from "../ir/substitute.ts";
import { ScheduleError } from "./error.ts";
import { loopsLike } from "./box_loops.ts";
import { isOneToOne } from "./injective_bindings.ts";
import { depthAmong, findBlock, findLoop } from "./find.ts";
import { FreshNames } from "./fresh_names.ts";
import { mixedLoop, reduceLoops } from "./reduce_loops.ts";
import { replaceStmt } from "./replace_stmt.ts";
import { updateOf } from "./rfactor.ts";

/**
 * Splits a reduction into two blocks: its initialisation, placed before a loop, and its update.
 *
 *                                         for i in range(64):
 *     for i, k in grid(64, 8):              B[i] = 0
 *       init: B[i] = 0             →        for k in range(8):
 *       B[i] = B[i] + A[i, k]                 B[i] = B[i] + A[i, k]
 *
 * The initialisation gets copies of the spatial loops inside, with the same kinds.
 *
 * @throws {ScheduleError} where the reduction runs outside of that loop too, or the loop and those in it would
 * compute an element twice
 */
export function decomposeReduction(
  func: PrimFunc,
  name: string,
  loopName: string,
): { func: PrimFunc; block: string } {
  const { block: b, loops } = findBlock(func, name);
  const { loop } = findLoop(func, loopName);
  const asked = `cannot decompose the reduction ${name} at loop ${loopName}`;
  if (!b.init) {
    throw new ScheduleError(`${asked}: it has no initialisation; choose a reduction that is still whole`, b);
  }
  const at = depthAmong(loops, loop, asked);
  const reduce = reduceLoops(b, loops);
  const open = reduce.find((l) => loops.indexOf(l) < at);
  if (open) {
    throw new ScheduleError(
      `${asked}: it reduces over ${open.var.name} outside of that loop too; choose ${open.var.name}, or a loop ` +
        `around it`,
      open,
    );
  }
  const inside = loops.slice(at);
  const mixed = mixedLoop(b, inside);
  if (mixed) {
    throw new ScheduleError(
      `${asked}: loop ${mixed.var.name} runs over spatial and reduce axes at once; decompose before fusing them`,
      mixed,
    );
  }
  const analyzer = Analyzer.of(func);
  if (!isOneToOne(b, inside, analyzer)) {
    throw new ScheduleError(
      `${asked}: it and the loops in it may compute an element more than once, each time from the start; choose ` +
        `a loop further in`,
      loop,
    );
  }
  const names = new FreshNames(func);
  const spatial = b.iters.flatMap((it, k) =>
    it.type === "spatial" ? [{ it, value: b.bindings[k] as Expr }] : []
  );
  // It runs where the first iteration of the reduction would.
  const zero = new Map<Var, Expr>(reduce.map((l) => [l.var, constant(0)]));
  const first = analyzer.simplify(substitute(b.where, zero));
  const { by, nest } = loopsLike(inside, [first, ...spatial.map((x) => x.value)], "init", names);
  const iters = spatial.map(({ it }): IterVar => iterVar(variable(it.var.name), it.extent));
  const rename = new Map<Var, Expr>(spatial.map(({ it }, k) => [it.var, (iters[k] as IterVar).var]));
  const { store: update, start } = updateOf(b, asked);
  const body = store(
    update.buffer,
    update.indices.map((e) => substitute(e, rename)),
    substitute(start, rename),
  );
  const initName = names.get(`${name}_init`);
  const init = block(initName, iters, spatial.map(({ value }) => substitute(value, by)), body, {
    where: substitute(first, by),
  });
  const { init: _gone, ...rest } = b;
  const now = replaceStmt(func, b, rest);
  const here = findLoop(now, loopName);
  return { func: replaceStmt(now, here.loop, seq(nest(init), here.loop)), block: initName };
}
