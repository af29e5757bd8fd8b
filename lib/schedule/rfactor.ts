import { and, binary, block, conjuncts, iterVar, load, select, store, variable } from "../ir/build.ts";
import type { Buffer, Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { isIdempotent, type Reducer, reducerOf } from "../ir/reducer.ts";
import type { Block, For, IterVar, Stmt, Store } from "../ir/stmt.ts";
import { substitute } from "../ir/substitute.ts";
import { usesVar } from "../ir/visit.ts";
import { ScheduleError } from "./error.ts";
import { insert } from "./insert_nest.ts";
import { wrap } from "./box_loops.ts";
import { findLoop } from "./find.ts";
import { FreshNames } from "./fresh_names.ts";
import { mixedLoop, reduceLoops } from "./reduce_loops.ts";
import { replaceStmt } from "./replace_stmt.ts";
import { storeOf } from "./block_accesses.ts";
import { unstored } from "../ir/stored.ts";

/**
 * Keeps one partial sum per iteration of a reduction's loop, in dimension `axis` of a new buffer. A new block, named like
 * that buffer, computes the partial sums, and the block reduces them.
 *
 *                                           for i, k, l in grid(64, 8, 4):
 *                                             init: B_rf[i, k] = 0
 *     for i, k, l in grid(64, 8, 4):          B_rf[i, k] = B_rf[i, k] + A[i, k * 4 + l]
 *       init: B[i] = 0                 →    for i_1, k_1 in grid(64, 8):
 *       B[i] = B[i] + A[i, k * 4 + l]         init: B[i_1] = 0
 *                                             B[i_1] = B[i_1] + B_rf[i_1, k_1]
 *
 * @throws {ScheduleError} where the block does not reduce over the loop, or shares its loops with others
 */
export function rfactor(func: PrimFunc, loopName: string, axis = 0): { func: PrimFunc; block: string } {
  const { loop, outer } = findLoop(func, loopName);
  const asked = `cannot rfactor loop ${loopName}`;
  const inner: For[] = [];
  let at: Stmt = loop;
  while (at.kind === "for") {
    inner.push(at);
    at = at.body;
  }
  if (at.kind !== "block") {
    throw new ScheduleError(
      `${asked}: there is more than one block inside; rfactor before moving or decomposing blocks`,
      loop,
    );
  }
  const b = at;
  const loops = [...outer, ...inner];
  if (loops.some((l, k) => k + 1 < loops.length && l.body !== loops[k + 1])) {
    throw new ScheduleError(
      `${asked}: ${b.name} shares its loops with another block; rfactor it first, then move blocks`,
      loop,
    );
  }
  if (!b.init) {
    throw new ScheduleError(`${asked}: ${b.name} has no initialisation; rfactor before decomposing`, b);
  }
  if (loops.some((l) => l.loop !== "serial")) {
    throw new ScheduleError(
      `${asked}: a loop of ${b.name} is not serial any more; rfactor while they are`,
      loops.find((l) => l.loop !== "serial"),
    );
  }
  const reduce = reduceLoops(b, loops);
  if (!reduce.includes(loop)) {
    const good = reduce.map((l) => l.var.name).join(", ");
    throw new ScheduleError(`${asked}: ${b.name} does not reduce over it, but over ${good || "none"}`, loop);
  }
  const mixed = mixedLoop(b, loops);
  if (mixed) {
    throw new ScheduleError(
      `${asked}: loop ${mixed.var.name} runs over spatial and reduce axes at once; rfactor before fusing them`,
      mixed,
    );
  }
  const isReduced = (v: Var) => reduce.some((l) => l.var === v);
  const conditions = conjuncts(b.where).filter((e) => usesVar(e, isReduced));
  const tied = loops.find((l) =>
    !reduce.includes(l) && conditions.some((e) => usesVar(e, (v) => v === l.var))
  );
  if (tied) {
    throw new ScheduleError(
      `${asked}: a condition of ${b.name} ties it to loop ${tied.var.name}; split by factors that divide the loops`,
      b,
    );
  }
  const { op, value, store: update, start, identity } = updateOf(b, asked);
  const old = update.buffer;
  if (!(Number.isInteger(axis) && axis >= 0 && axis <= old.shape.length)) {
    throw new ScheduleError(
      `${asked} into dimension ${axis}: ${old.name} has ${old.shape.length}, so 0 to ${old.shape.length} would work`,
      b,
    );
  }
  const names = new FreshNames(func);
  const shape = old.shape.toSpliced(axis, 0, loop.extent);
  const partial: Buffer = { ...unstored(old), name: names.get(`${old.name}_rf`), shape, scope: "global" };

  // The partial block: what was reduced over `loop` is an axis of its own.
  const own = iterVar(variable(`v_${loopName}`), loop.extent);
  const others = reduce.filter((l) => l !== loop).map((l) => ({
    loop: l,
    iter: iterVar(variable(`v_${l.var.name}`), l.extent, "reduce"),
  }));
  const spatial = b.iters.flatMap((it, k) =>
    it.type === "spatial" ? [{ it, value: b.bindings[k] as Expr }] : []
  );
  const inIters = new Map<Var, Expr>([
    [loop.var, own.var],
    ...others.map((o): [Var, Expr] => [o.loop.var, o.iter.var]),
  ]);
  const values = new Map<Var, Expr>(
    b.iters.flatMap((it, k): [Var, Expr][] =>
      it.type === "reduce" ? [[it.var, substitute(b.bindings[k] as Expr, inIters)]] : []
    ),
  );
  const indices = update.indices.map((e) => substitute(e, values)).toSpliced(axis, 0, own.var);
  const self = load(partial, ...indices);
  // Iterations outside of the reduction's condition add nothing, so every partial sum is defined.
  const runs = and(...conditions.map((e) => substitute(e, inIters)));
  const where = and(...conjuncts(b.where).filter((e) => !conditions.includes(e)));
  const term = select(runs, substitute(value, values), identity);
  const rf = block(
    partial.name,
    [...spatial.map((s) => s.it), own, ...others.map((o) => o.iter)],
    [...spatial.map((s) => s.value), loop.var, ...others.map((o) => o.loop.var)],
    store(partial, indices, binary(op, self, term)),
    { where, init: store(partial, indices, identity) },
  );

  // The rest: reduces the partial results.
  const kept = loops.filter((l) => l === loop || !reduce.includes(l));
  const news = kept.map((l) => ({ old: l, var: variable(names.get(l.var.name)), extent: l.extent }));
  const by = new Map<Var, Expr>(news.map((n) => [n.old.var, n.var]));
  const iters = [
    ...spatial.map(({ it }) => ({ ...it, var: variable(it.var.name) })),
    iterVar(variable(`v_${loopName}`), loop.extent, "reduce"),
  ];
  const rename = new Map<Var, Expr>(spatial.map(({ it }, k) => [it.var, (iters[k] as IterVar).var]));
  const place = update.indices.map((e) => substitute(e, rename));
  const total = load(partial, ...place.toSpliced(axis, 0, (iters.at(-1) as IterVar).var));
  const rest = block(
    b.name,
    iters,
    [...spatial.map((s) => substitute(s.value, by)), by.get(loop.var) as Expr],
    store(old, place, binary(op, load(old, ...place), total)),
    {
      where: substitute(where, by),
      init: store(old, place, substitute(start, rename)),
      annotations: b.annotations,
    },
  );
  const now = replaceStmt(func, b, rf);
  const done = insert(now, undefined, rf, wrap(news, rest), "after");
  return { func: done.with({ allocs: [...func.allocs, partial] }), block: rf.name };
}

/** The reduction that a block is a step of, and the value that it starts with. */
export function updateOf(b: Block, asked: string): Reducer & { readonly store: Store; readonly start: Expr } {
  const store = storeOf(b, "reduce");
  const reducer = reducerOf(store);
  if (!reducer) {
    throw new ScheduleError(
      `${asked}: its update is not x = x op y for +, *, max, min, and, or; only such reductions come apart`,
      b,
    );
  }
  if (b.init?.kind !== "store") {
    throw new ScheduleError(
      `${asked}: its initialisation is not a single store; only such reductions come apart`,
      b,
    );
  }
  const start = b.init.value;
  const restarts = isIdempotent(reducer.op) && start.kind === "const";
  return { ...reducer, ...(restarts ? { identity: start } : {}), store, start };
}
