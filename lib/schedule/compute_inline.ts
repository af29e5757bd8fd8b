import { isConst } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { keyOf } from "../ir/key.ts";
import { nodesIn } from "../ir/size.ts";
import type { Stmt } from "../ir/stmt.ts";
import { mapStmt, rewriter } from "../ir/visit.ts";
import { substitute } from "../ir/substitute.ts";
import { dimensions } from "./compute_at.ts";
import { ScheduleError } from "./error.ts";
import { refuseMove } from "./refuse_in_place.ts";
import { accumulates, storeOf, writes } from "./block_accesses.ts";
import { blocksOf, findBlock } from "./find.ts";
import { consumersOf } from "./dependences.ts";
import { removeBlock, replaceStmt } from "./replace_stmt.ts";

/** Expressions that one inlining may write out. */
const MOST_MADE = 1 << 18;

/**
 * Replaces reads of a producer's results by its expression. Removes the producer and its buffer.
 *
 *     for i in range(64):
 *       T[i] = A[i] * 2               for i in range(64):
 *     for i in range(64):        →      B[i] = A[i] * 2 + 1
 *       B[i] = T[i] + 1
 *
 * @throws {ScheduleError} where it is a reduction, an output, or not written at plain axes
 */
export function computeInline(func: PrimFunc, name: string): PrimFunc {
  const { block: b } = findBlock(func, name);
  const asked = `cannot inline ${name}`;
  const s = storeOf(b, "inline");
  refuseMove(func, b, asked);
  if (accumulates(b)) throw new ScheduleError(`${asked}: it is a reduction; computeAt moves it`, b);
  if (func.params.includes(s.buffer)) {
    throw new ScheduleError(
      `${asked}: ${s.buffer.name} is an output of the function and has to be written; reverseComputeAt moves what ` +
        `reads it`,
      b,
    );
  }
  if (!isConst(b.where, 1)) {
    throw new ScheduleError(
      `${asked}: it is computed under a condition; inline it before splitting its loops`,
      b,
    );
  }
  if (blocksOf(func.body).some((x) => x.block !== b && writes(x.block, s.buffer))) {
    throw new ScheduleError(
      `${asked}: another block writes ${s.buffer.name} too; computeAt moves what reads it nearer`,
      b,
    );
  }
  const dims = dimensions(b, asked);
  const consumers = consumersOf(func, b);
  if (consumers.length === 0) throw new ScheduleError(`${asked}: nothing reads it; leave it where it is`, b);
  const size = nodesIn(s);
  let written = 0;
  const values = new Map<string, Expr>();
  const value = (indices: readonly Expr[]) => {
    // Reads of one element are one node.
    const key = indices.map(keyOf).join();
    const known = values.get(key);
    if (known) return known;
    if ((written += size) > MOST_MADE) {
      throw new ScheduleError(
        `${asked}: it is written out at more reads than ${
          Math.floor(MOST_MADE / size)
        }; computeAt keeps its results`,
      );
    }
    const made = substitute(s.value, new Map([...dims].map(([v, d]) => [v, indices[d] as Expr])));
    values.set(key, made);
    return made;
  };
  const expr = rewriter((x) => x.kind === "load" && x.buffer === s.buffer ? value(x.indices) : x);
  const stmt = (x: Stmt): Stmt => mapStmt(x, stmt, expr);
  const now = consumers.reduce(
    (f, c) => replaceStmt(f, c.block, mapStmt(c.block, stmt)),
    func,
  );
  return removeBlock(now, b).with({ allocs: func.allocs.filter((x) => x !== s.buffer) });
}
