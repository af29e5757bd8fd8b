import { isConst } from "../ir/build.ts";
import type { Buffer, Expr } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { Analyzer } from "../arith/analyzer.ts";
import type { Block, Stmt } from "../ir/stmt.ts";
import { mapExpr, mapStmt } from "../ir/visit.ts";
import { ScheduleError } from "./error.ts";
import { checkSize, extentOfPieces, forward, type IndexMap, mapped } from "./index_map.ts";
import { blocksOf } from "./find.ts";
import { reads, writes } from "./block_accesses.ts";
import { replaceStmt } from "./replace_stmt.ts";

/**
 * Changes how an intermediate lies in memory, wherever it is written or read.
 *
 *     T = T.alloc_buffer((64, 8))         T = T.alloc_buffer((16, 8, 4))
 *     for i, j in grid(64, 8):            for i, j in grid(64, 8):
 *       T[i, j] = A[i, j]          →        T[i // 4, j, i % 4] = A[i, j]
 *
 *                                         ({ split: [[4], []], order: [0, 2, 1] })
 *
 * @throws {ScheduleError} for a parameter, whose layout is the caller's, or a map that does not fit its dimensions
 */
export function transformLayout(func: PrimFunc, name: string, map: IndexMap): PrimFunc {
  const asked = `cannot transform the layout of ${name}`;
  const old = [...func.allocs, ...func.params].find((x) => x.name === name);
  if (!old) {
    const names = func.allocs.map((x) => x.name).join(", ") || "none";
    throw new ScheduleError(`no buffer ${name} in ${func.name}: its intermediates are ${names}`);
  }
  const blocks = blocksOf(func.body).map((x) => x.block);
  const user = blocks.find((b) => reads(b, old) || writes(b, old));
  if (func.params.includes(old)) {
    throw new ScheduleError(
      `${asked}: it is a parameter, and its layout is the caller's; cacheRead, cacheWrite or reindex gives an ` +
        `intermediate in its place`,
      user,
    );
  }
  const dimensions = mapped(asked, map, old.shape, user);
  const analyzer = Analyzer.of(func);
  const now: Buffer = { ...old, shape: dimensions.map((pieces) => extentOfPieces(pieces, analyzer)) };
  const moved = (b: Block): Block => {
    const known = analyzerIn(func, b);
    const expr = (e: Expr): Expr => {
      const x = mapExpr(e, expr);
      return x.kind === "load" && x.buffer === old
        ? { ...x, buffer: now, indices: forward(dimensions, x.indices, known) }
        : x;
    };
    const stmt = (s: Stmt): Stmt => {
      const x = mapStmt(s, stmt, expr);
      return x.kind === "store" && x.buffer === old
        ? { ...x, buffer: now, indices: forward(dimensions, x.indices, known) }
        : x;
    };
    const after = mapStmt(b, stmt, expr) as Block;
    if (after !== b) checkSize(asked, after, b);
    return after;
  };
  const allocs = func.allocs.map((x) => x === old ? now : x);
  return blocks.reduce((f, b) => replaceStmt(f, b, moved(b)), func).with({ allocs });
}

/** An analyzer that knows the loops of `func` and the axes of `b`. */
function analyzerIn(func: PrimFunc, b: Block): Analyzer {
  const analyzer = Analyzer.of(func);
  // An axis of one iteration stays in the indices: other steps read the block's axes from them.
  for (const it of b.iters) if (!isConst(it.extent, 1)) analyzer.bind(it.var, it.extent);
  return analyzer;
}
