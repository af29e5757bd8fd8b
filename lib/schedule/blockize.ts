import { block, iterVar, variable } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { flattenBlock } from "../ir/flatten_block.ts";
import type { PrimFunc } from "../ir/func.ts";
import { Analyzer } from "../arith/analyzer.ts";
import type { Annotations, Stmt } from "../ir/stmt.ts";
import { mapStmt, usesVar } from "../ir/visit.ts";
import { ScheduleError } from "./error.ts";
import { requireBox } from "./require_box.ts";
import { rebind } from "./rebind.ts";
import { blocksOf, findLoop, loopsIn } from "./find.ts";
import { FreshNames } from "./fresh_names.ts";
import { reduceLoops } from "./reduce_loops.ts";
import { replaceStmt } from "./replace_stmt.ts";

/**
 * Makes one block of the nest under a loop. Later steps leave the nest unchanged.
 *
 *     for i_0, i_1 in grid(3, 4):         for i_0 in range(3):
 *       where i_0 * 4 + i_1 < 10            block B_o(v_i_0 = i_0):
 *       B[i_0 * 4 + i_1] = A[…]       →       for i_1 in range(4):
 *                                               if v_i_0 * 4 + i_1 < 10:
 *                                                 B[v_i_0 * 4 + i_1] = A[…]         (blockize i_1)
 *
 * The loops outside that the nest uses are the block's axes; one that a reduction inside runs over is a reduce
 * axis.
 *
 * @throws {ScheduleError} where a loop in it runs in threads or lanes, or a reduction in it starts outside
 */
export function blockize(func: PrimFunc, name: string): { func: PrimFunc; block: string } {
  const { loop, outer } = findLoop(func, name);
  const asked = `cannot blockize loop ${name}`;
  const nest = loopsIn(loop);
  const bound = nest.find((l) => l.loop !== "serial" && l.loop !== "unrolled");
  if (bound) {
    throw new ScheduleError(
      `${asked}: ${bound.var.name} is ${bound.loop}, and loops inside a block are serial or unrolled; choose a loop ` +
        `inside of it`,
      bound,
    );
  }
  requireBox(asked, [...outer, ...nest], "choose a loop inside of it");
  const blocks = blocksOf(loop).map((x) => x.block);
  for (const b of blocks) {
    const [open] = b.init ? reduceLoops(b, outer) : [];
    if (!open) continue;
    throw new ScheduleError(
      `${asked}: block ${b.name} in it reduces over ${open.var.name} too, outside of it, and starts in the first ` +
        `iteration of that; decomposeReduction("${b.name}", "${open.var.name}") first`,
      b,
    );
  }
  const analyzer = Analyzer.of(func);
  const used = outer.filter((l) =>
    blocks.some((b) => [b.where, ...b.bindings].some((e) => usesVar(e, (v) => v === l.var)))
  );
  const iters = used.map((l) => {
    const reduces = blocks.some((b) => reduceLoops(b, [l]).length > 0);
    const v = variable(`v_${l.var.name}`);
    analyzer.bind(v, l.extent);
    return iterVar(v, l.extent, reduces ? "reduce" : "spatial");
  });
  const by = new Map<Var, Expr>(used.map((l, k) => [l.var, (iters[k] as typeof iters[0]).var]));
  const plain = (s: Stmt): Stmt => s.kind === "block" ? flattenBlock(s) : mapStmt(s, plain);
  const body = plain(rebind(loop, by, analyzer));
  const made = block(
    new FreshNames(func).get(`${blocks.at(-1)?.name ?? name}_o`),
    iters,
    used.map((l) => l.var),
    body,
    { annotations: blocks.reduce<Annotations>((all, b) => ({ ...all, ...b.annotations }), {}) },
  );
  return { func: replaceStmt(func, loop, made), block: made.name };
}
