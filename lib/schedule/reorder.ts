import type { PrimFunc } from "../ir/func.ts";
import { Analyzer } from "../arith/analyzer.ts";
import type { For, Stmt } from "../ir/stmt.ts";
import { ScheduleError } from "./error.ts";
import { requireBox } from "./require_box.ts";
import { isOneToOne } from "./injective_bindings.ts";
import { blocksOf, findLoop } from "./find.ts";
import { mixedLoop, reduceLoops } from "./reduce_loops.ts";
import { replaceStmt } from "./replace_stmt.ts";

/**
 * Puts loops of one perfect nest in the order of `names`; loops between them that are not named stay where
 * they are.
 *
 *     for i, j in grid(4, 8):         for j, i in grid(8, 4):
 *       B[i, j] = A[i, j]        →      B[i, j] = A[i, j]
 *
 * A reduction starts again at the first iteration of the loops that it reduces over. These can't be moved past others
 * where this start would no longer come first, once for each element.
 *
 * @throws {ScheduleError} where the loops are not one perfect nest, or the order of a reduction matters
 */
export function reorder(func: PrimFunc, names: readonly string[]): PrimFunc {
  const asked = `cannot reorder loops ${names.join(", ")}`;
  const found = names.map((n) => findLoop(func, n));
  if (new Set(names).size !== names.length) {
    throw new ScheduleError(`${asked}: a loop is named twice; name each once`, found[0]?.loop);
  }
  if (found.length < 2) return func;
  const top = found.reduce((p, q) => q.outer.length < p.outer.length ? q : p);
  const chain: For[] = [];
  const named = new Set(found.map((f) => f.loop));
  let at: Stmt = top.loop;
  let left = named.size;
  while (left > 0) {
    if (at.kind !== "for") {
      const missing = [...named].filter((l) => !chain.includes(l)).map((l) => l.var.name).join(", ");
      throw new ScheduleError(
        `${asked}: ${missing} is not in one perfect nest with ${top.loop.var.name}; only loops with nothing between ` +
          `them change places`,
        top.loop,
      );
    }
    chain.push(at);
    if (named.has(at)) left--;
    at = at.body;
  }
  const order = found.map((f) => f.loop);
  let k = 0;
  const now = chain.map((l) => named.has(l) ? order[k++] as For : l);
  requireBox(asked, chain, "leave it out");
  const analyzer = Analyzer.of(func);
  for (const { block, loops } of blocksOf(top.loop)) {
    const reduce = block.init ? reduceLoops(block, chain) : [];
    const moved = reduce.some((r) =>
      chain.some((l) => (chain.indexOf(l) < chain.indexOf(r)) !== (now.indexOf(l) < now.indexOf(r)))
    );
    if (!moved) continue;
    const mixed = mixedLoop(block, loops);
    if (mixed) {
      throw new ScheduleError(
        `${asked}: reduction ${block.name} starts at the first iteration of ${mixed.var.name}, which runs over spatial ` +
          `and reduce axes at once; reorder before fusing these`,
        top.loop,
      );
    }
    if (!isOneToOne(block, loops, analyzer)) {
      throw new ScheduleError(
        `${asked}: reduction ${block.name} computes an element at more than one iteration of them, each time from the ` +
          `start; reorder loops further in`,
        top.loop,
      );
    }
  }
  const nest = now.reduceRight<Stmt>((body, l) => ({ ...l, body }), at);
  return replaceStmt(func, top.loop, nest);
}
