import { forLoop, isConst, iterVar, select, variable } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { Analyzer } from "../arith/analyzer.ts";
import type { Block, For, IterVar, Stmt } from "../ir/stmt.ts";
import { mapExpr, mapStmt, memoized, readsMemory } from "../ir/visit.ts";
import { substituteStmt } from "../ir/substitute.ts";
import { ScheduleError } from "./error.ts";
import { requireBox } from "./require_box.ts";
import {
  backward,
  checkSize,
  extentOfPieces,
  type IndexMap,
  isWhole,
  mapped,
  type Piece,
} from "./index_map.ts";
import { isStraight } from "./box_loops.ts";
import { checkDepth } from "./check_depth.ts";
import { findBlock } from "./find.ts";
import { FreshNames } from "./fresh_names.ts";
import { replaceStmt } from "./replace_stmt.ts";

/**
 * Gives a block other axes, and one serial loop for each, in their order.
 *
 *     for i, j, k in grid(4, 8, 6):       for i_j_fused, k in grid(32, 6):
 *       vi, vj, vk = i, j, k               vi_vj_fused, vk = i_j_fused, k
 *       C[vi, vj] += A[vi, vj, vk]   →      C[vi_vj_fused // 8, vi_vj_fused % 8] += A[…]
 *
 *                                         ({ split: [[], [], []], order: [[0, 1], 2] })
 *
 * @throws {ScheduleError} if its loops were changed, the map does not fit its axes, or an axis would be spatial and
 * reduce at once
 */
export function transformBlockLayout(
  func: PrimFunc,
  name: string,
  map: IndexMap,
): { func: PrimFunc; loops: string[] } {
  const found = findBlock(func, name);
  const { block: b, loops } = found;
  const asked = `cannot transform the layout of block ${name}`;
  const analyzer = Analyzer.of(func);
  const [top] = loops;
  if (!top || !isStraight(found, analyzer)) {
    throw new ScheduleError(
      `${asked}: it is not alone in one serial loop an axis; transform it before changing its loops`,
      top ?? b,
    );
  }
  requireBox(asked, loops, "only a box has axes to be transformed");
  const dimensions = mapped(asked, map, b.iters.map((it) => it.extent), b);
  checkDepth(asked, b, dimensions.length);
  const typeOf = (p: Piece) => b.iters[p.of]?.type;
  const mixed = dimensions.find((g) => g.some((p) => typeOf(p) !== typeOf(g[0])));
  if (mixed) {
    const names = mixed.map((p) => b.iters[p.of]?.var.name).join(", ");
    throw new ScheduleError(
      `${asked}: of ${names} some are spatial and some reduce; fuse axes of one type`,
      b,
    );
  }
  const names = new FreshNames(func);
  const nest = dimensions.map((pieces): { readonly loop: For; readonly axis: IterVar } => {
    const loop = loops[pieces[0].of] as For, axis = b.iters[pieces[0].of] as IterVar;
    if (isWhole(pieces)) return { loop, axis };
    const extent = extentOfPieces(pieces, analyzer);
    const v = variable(names.get(nameOf(pieces, loops.map((l) => l.var))));
    const a = variable(nameOf(pieces, b.iters.map((it) => it.var)));
    return { loop: forLoop(v, extent, b), axis: iterVar(a, extent, axis.type) };
  });
  // An axis of one iteration stays in the block, so that later splits and binds of its loop still affect it.
  for (const { axis } of nest) if (!isConst(axis.extent, 1)) analyzer.bind(axis.var, axis.extent);
  const values = backward(dimensions, nest.map((x) => x.axis.var), b.iters.length);
  const by = new Map<Var, Expr>(b.iters.flatMap((it, k) => {
    const value = values[k] as Expr;
    return value === it.var ? [] : [[it.var, value], [(loops[k] as For).var, value]];
  }));
  const rewritten = (s: Stmt): Stmt => simplified(substituteStmt(s, by), analyzer);
  const now: Block = {
    ...b,
    iters: nest.map((x) => x.axis),
    bindings: nest.map((x) => x.loop.var),
    body: rewritten(b.body),
    ...(b.init ? { init: rewritten(b.init) } : {}),
  };
  checkSize(asked, now, b);
  const whole = nest.reduceRight<Stmt>((body, { loop }) => ({ ...loop, body }), now);
  return { func: replaceStmt(func, top, whole), loops: nest.map((x) => x.loop.var.name) };
}

/** As split and fuse name their loops. */
function nameOf(pieces: readonly Piece[], vars: readonly Var[]): string {
  const parts = pieces.map(({ of, part }) =>
    part === undefined ? vars[of]?.name : `${vars[of]?.name}_${part}`
  );
  return parts.length === 1 ? `${parts[0]}` : `${parts.join("_")}_fused`;
}

/** Simplifies indices and conditions only: stored values keep their form, by which reducers are recognised. */
function simplified(s: Stmt, analyzer: Analyzer): Stmt {
  const expr: (e: Expr) => Expr = memoized((e) => {
    if (!readsMemory(e)) return analyzer.simplify(e);
    const x = mapExpr(e, expr);
    return x.kind === "select" ? select(x.cond, x.a, x.b) : x;
  });
  const stmt = (x: Stmt): Stmt => mapStmt(x, stmt, expr);
  return stmt(s);
}
