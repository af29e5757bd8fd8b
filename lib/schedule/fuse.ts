import { floorDiv, floorMod, forLoop, isConst, mul, toExpr, variable } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { Analyzer } from "../arith/analyzer.ts";
import type { For } from "../ir/stmt.ts";
import { ScheduleError } from "./error.ts";
import { requireBox } from "./require_box.ts";
import { findLoop } from "./find.ts";
import { FreshNames } from "./fresh_names.ts";
import { replaceStmt } from "./replace_stmt.ts";
import { INDEX_LIMIT } from "./split.ts";
import { rebind } from "./rebind.ts";

/**
 * Makes one loop of loops that are directly one inside the other, outermost first.
 *
 *     for i, j in grid(4, 8):         for i_j_fused in range(32):
 *       B[i, j] = A[i, j]        →      B[i_j_fused // 8, i_j_fused % 8] = A[…]
 *
 * @throws {ScheduleError} where something stands between the loops, or one is not serial any more
 */
export function fuse(func: PrimFunc, names: readonly string[]): { func: PrimFunc; loop: string } {
  const asked = `cannot fuse loops ${names.join(", ")}`;
  const [first] = names;
  if (first === undefined) throw new ScheduleError(`${asked}: name at least one loop`);
  const loops: For[] = [findLoop(func, first).loop];
  for (const name of names.slice(1)) {
    const next = findLoop(func, name).loop;
    const above = loops.at(-1) as For;
    if (above.body !== next) {
      throw new ScheduleError(
        `${asked}: ${name} is not directly inside ${above.var.name}; reorder first`,
        above,
      );
    }
    loops.push(next);
  }
  const bound = loops.find((l) => l.loop !== "serial");
  if (bound) {
    throw new ScheduleError(
      `${asked}: ${bound.var.name} is ${bound.loop}; fuse loops while they are serial`,
      bound,
    );
  }
  requireBox(asked, loops, "leave it out");
  const analyzer = Analyzer.of(func);
  const extent = analyzer.simplify(loops.reduce<Expr>((p, l) => mul(p, l.extent), toExpr(1)));
  if (loops.reduce((p, l) => p * (isConst(l.extent) ? l.extent.value : 1), 1) >= INDEX_LIMIT) {
    throw new ScheduleError(
      `${asked}: the loop would have 2^31 iterations or more; fuse fewer loops`,
      loops[0],
    );
  }
  const fused = variable(new FreshNames(func).get(names.length === 1 ? first : `${names.join("_")}_fused`));
  // A loop of one iteration stays in the block's bindings, so that later splits and binds still affect the block.
  if (!isConst(extent, 1)) analyzer.bind(fused, extent);
  const values = new Map<Var, Expr>();
  let rest: Expr = fused;
  for (const [k, l] of [...loops.entries()].toReversed()) {
    values.set(l.var, analyzer.simplify(k === 0 ? rest : floorMod(rest, l.extent)));
    rest = floorDiv(rest, l.extent);
  }
  const last = loops.at(-1) as For;
  const body = rebind(last.body, values, analyzer);
  return { func: replaceStmt(func, loops[0] as For, forLoop(fused, extent, body)), loop: fused.name };
}
