import { add, ceilDiv, forLoop, isConst, lt, mul, toExpr, variable } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { Analyzer } from "../arith/analyzer.ts";
import type { Stmt } from "../ir/stmt.ts";
import { ScheduleError } from "./error.ts";
import { checkDepth } from "./check_depth.ts";
import { findLoop } from "./find.ts";
import { FreshNames } from "./fresh_names.ts";
import { replaceStmt } from "./replace_stmt.ts";
import { rebind } from "./rebind.ts";

/** Products of factors stay below it: indices are i32. */
export const INDEX_LIMIT = 2 ** 31;

/**
 * Splits a loop into a nest of loops. One factor may be null: it is computed from the extent. If the factors do not divide
 * the extent, a condition skips the excess iterations.
 *
 *     for i in range(10):         for i_0, i_1 in grid(3, 4):
 *       B[i] = A[i]          →      where i_0 * 4 + i_1 < 10
 *                                   B[i_0 * 4 + i_1] = A[i_0 * 4 + i_1]
 *
 * @throws {ScheduleError} where the factors make up less than the extent, or the loop is not serial any more
 */
export function split(
  func: PrimFunc,
  name: string,
  factors: readonly (number | null)[],
): { func: PrimFunc; loops: string[] } {
  const { loop, outer } = findLoop(func, name);
  const asked = `cannot split loop ${name} by ${factors.map((f) => f ?? "?").join(" x ")}`;
  if (loop.loop !== "serial") {
    throw new ScheduleError(`${asked} as it is ${loop.loop}: split it while it is serial`, loop);
  }
  if (factors.length === 0 || factors.filter((f) => f === null).length > 1) {
    throw new ScheduleError(
      `${asked}: give at least one factor, and at most one null to be worked out`,
      loop,
    );
  }
  const bad = factors.find((f) => f !== null && !(Number.isInteger(f) && f >= 1));
  if (bad !== undefined) throw new ScheduleError(`${asked}: factors are positive integers`, loop);
  checkDepth(asked, loop, outer.length + factors.length - 1);
  const known = factors.reduce<number>((p, f) => p * (f ?? 1), 1);
  const reach = isConst(loop.extent) ? Math.ceil(loop.extent.value / known) * known : known;
  if (reach >= INDEX_LIMIT) {
    throw new ScheduleError(
      `${asked}: the loops would have 2^31 iterations or more; use smaller factors`,
      loop,
    );
  }
  if (!factors.includes(null) && !(isConst(loop.extent) && loop.extent.value <= known)) {
    const extent = isConst(loop.extent) ? `${loop.extent.value}` : "symbolic";
    const mend = isConst(loop.extent)
      ? `factors must multiply to at least ${loop.extent.value}`
      : "leave one factor null";
    throw new ScheduleError(`${asked} as its extent is ${extent}: ${mend}`, loop);
  }
  const analyzer = Analyzer.of(func);
  const extents = factors.map((f) => f === null ? analyzer.simplify(ceilDiv(loop.extent, known)) : toExpr(f));
  const names = new FreshNames(func);
  const vars = factors.map((_, k) => variable(names.get(`${name}_${k}`)));
  vars.forEach((v, k) => analyzer.bind(v, extents[k] as Expr));
  const index = vars.reduce<Expr>((e, v, k) => k === 0 ? v : add(mul(e, extents[k] as Expr), v), toExpr(0));
  const inside = lt(index, loop.extent);
  const body = rebind(
    loop.body,
    new Map([[loop.var, index]]),
    analyzer,
    analyzer.proves(inside) ? undefined : inside,
  );
  const nest = vars.reduceRight<Stmt>((s, v, k) => forLoop(v, extents[k] as Expr, s), body);
  return { func: replaceStmt(func, loop, nest), loops: vars.map((v) => v.name) };
}
