import { constant, isConst } from "../ir/build.ts";
import type { Buffer, Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Block, Stmt, Store } from "../ir/stmt.ts";
import { mapExpr, mapStmt, memoized } from "../ir/visit.ts";
import { substitute } from "../ir/substitute.ts";
import { ScheduleError } from "./error.ts";
import { refuseMove } from "./refuse_in_place.ts";
import { accumulates, storeOf, writes } from "./block_accesses.ts";
import { blocksOf, findBlock } from "./find.ts";
import { consumersOf, producersOf } from "./dependences.ts";
import { removeBlock, replaceStmt } from "./replace_stmt.ts";

/** Tells whether each element that is stored is one that is read, at a place of its own. */
function isRearrangement({ value, indices }: Store): boolean {
  const axes = indices.filter((i) => i.kind !== "const");
  return value.kind === "load" && axes.every((i) => i.kind === "var") && new Set(axes).size === axes.length;
}

/** A block that writes and reads at `indices` of `to` what it writes and reads of `from`. */
function moved(b: Block, from: Buffer, to: Buffer, indices: readonly Expr[]): Block {
  const expr: (e: Expr) => Expr = memoized((e) =>
    e.kind === "load" && e.buffer === from ? { ...e, buffer: to, indices } : mapExpr(e, expr)
  );
  const stmt = (s: Stmt): Stmt =>
    s.kind === "store" && s.buffer === from
      ? { ...s, buffer: to, indices, value: expr(s.value) }
      : mapStmt(s, stmt, expr);
  return { ...b, body: stmt(b.body), ...(b.init ? { init: stmt(b.init) } : {}) };
}

/**
 * Inlines a consumer into its producer, which then writes the consumer's result.
 *
 *     for i in range(64):
 *       T[i] = A[i] * 2               for i in range(64):
 *     for i in range(64):        →      B[i] = A[i] * 2 + 1
 *       B[i] = T[i] + 1
 *
 * A reduction takes a consumer that only puts its elements in another order, as a transpose does.
 *
 * @throws {ScheduleError} where it does not read each element of one producer once, or others read that too
 */
export function reverseComputeInline(func: PrimFunc, name: string): PrimFunc {
  const { block: b } = findBlock(func, name);
  const asked = `cannot inline ${name} into its producer`;
  const s = storeOf(b, "inline");
  refuseMove(func, b, asked);
  if (accumulates(b)) throw new ScheduleError(`${asked}: it is a reduction; reverseComputeAt moves it`, b);
  if (!isConst(b.where, 1)) {
    throw new ScheduleError(
      `${asked}: it is computed under a condition; inline it before splitting its loops`,
      b,
    );
  }
  const twin = blocksOf(func.body).find((x) => x.block !== b && writes(x.block, s.buffer))?.block;
  if (twin) {
    throw new ScheduleError(
      `${asked}: ${twin.name} writes ${s.buffer.name} too; inline it before its loops or padding come apart`,
      twin,
    );
  }
  const candidates = producersOf(func, b);
  const [producer] = candidates;
  if (!producer || candidates.length !== 1) {
    throw new ScheduleError(
      `${asked}: expected one producer, got ${candidates.length}; computeInline moves a producer into it`,
      b,
    );
  }
  const p = producer.block;
  const from = storeOf(p, "inline into");
  if (accumulates(p) && !isRearrangement(s)) {
    throw new ScheduleError(
      `${asked} ${p.name}: that is a reduction, and ${name} is more than its elements in another order; ` +
        `reverseComputeAt moves it near`,
      p,
    );
  }
  if (func.params.includes(from.buffer) || consumersOf(func, p).length !== 1) {
    throw new ScheduleError(
      `${asked} ${p.name}: ${from.buffer.name} is needed elsewhere too; reverseComputeAt moves it near`,
      p,
    );
  }
  const map = new Map<Expr, Expr>();
  let plain = true;
  const find: (e: Expr) => Expr = memoized((e) => {
    if (e.kind === "load" && e.buffer === from.buffer) {
      e.indices.forEach((i, d) => {
        if (i.kind === "var" && (map.get(i) ?? from.indices[d]) === from.indices[d]) {
          map.set(i, from.indices[d] as Expr);
        } else plain = false;
      });
    }
    return mapExpr(e, find);
  });
  find(s.value);
  const axes = b.iters.filter((it) => map.has(it.var) || !isConst(it.extent, 1));
  const same = axes.length === from.indices.length && axes.every((it) => map.has(it.var)) &&
    axes.every((it) => {
      const d = from.indices.indexOf(map.get(it.var) as Expr);
      const size = from.buffer.shape[d];
      return size === it.extent || (size?.kind === "const" && isConst(it.extent, size.value));
    });
  if (!plain || !same) {
    throw new ScheduleError(
      `${asked} ${p.name}: it does not read each element of ${from.buffer.name} once, at plain axes; computeInline ` +
        `moves ${p.name} into it`,
      b,
    );
  }
  const by = new Map([...map].map(([v, e]) => [v as Var, e]));
  for (const it of b.iters) if (!axes.includes(it)) by.set(it.var, constant(0));
  const expr: (e: Expr) => Expr = memoized((e) =>
    e.kind === "load" && e.buffer === from.buffer
      ? from.value
      : e.kind === "var"
      ? by.get(e) ?? e
      : mapExpr(e, expr)
  );
  const indices = s.indices.map((e) => substitute(e, by));
  const merged: Block = accumulates(p)
    ? moved(p, from.buffer, s.buffer, indices)
    : { ...p, body: { kind: "store", buffer: s.buffer, indices, value: expr(s.value) } };
  const now = replaceStmt(func, p, merged);
  return removeBlock(now, b).with({ allocs: func.allocs.filter((x) => x !== from.buffer) });
}
