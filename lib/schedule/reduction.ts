import { and, binary, block, conjuncts, iterVar, load, seq, store, variable } from "../ir/build.ts";
import type { Buffer, Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { type Reducer, reducerOf } from "../ir/reducer.ts";
import type { Block, For, IterVar, Stmt, Store } from "../ir/stmt.ts";
import { substitute, usesVar } from "../ir/visit.ts";
import { ScheduleError } from "./error.ts";
import { insert } from "./cache.ts";
import { wrap } from "./nest.ts";
import { findBlock, findLoop, FreshNames, reduceLoops, replaceStmt, storeOf } from "./tree.ts";

/** Splits a reduction in its initialisation, placed before `loopName`, and its update. */
export function decomposeReduction(
  func: PrimFunc,
  name: string,
  loopName: string,
): { func: PrimFunc; block: string } {
  const { block: b, loops } = findBlock(func, name);
  const { loop } = findLoop(func, loopName);
  const asked = `cannot decompose the reduction ${name} at loop ${loopName}`;
  if (!b.init) throw new ScheduleError(`${asked}: it has no initialisation`, b);
  const at = loops.indexOf(loop);
  if (at < 0) throw new ScheduleError(`${asked}: that loop is not around it`, loop);
  const reduce = reduceLoops(b, loops);
  const open = reduce.find((l) => loops.indexOf(l) < at);
  if (open) {
    throw new ScheduleError(`${asked}: it reduces over ${open.var.name} outside of that loop too`, loop);
  }
  const names = new FreshNames(func);
  const spatial = b.iters.flatMap((it, k) =>
    it.type === "spatial" ? [{ it, value: b.bindings[k] as Expr }] : []
  );
  const news = loops.slice(at).filter((l) => spatial.some(({ value }) => usesVar(value, (v) => v === l.var)))
    .map((l) => ({ old: l, var: variable(names.get(`${l.var.name}_init`)), extent: l.extent }));
  const by = new Map<Var, Expr>(news.map((n) => [n.old.var, n.var]));
  const iters = spatial.map(({ it }): IterVar => iterVar(variable(it.var.name), it.extent));
  const rename = new Map<Var, Expr>(spatial.map(({ it }, k) => [it.var, (iters[k] as IterVar).var]));
  const { store: update, identity } = updateOf(b, asked);
  const first = b.init.kind === "store" ? b.init.value : identity;
  const where = and(
    ...conjuncts(b.where).filter((e) => !usesVar(e, (v) => reduce.some((l) => l.var === v))).map((e) =>
      substitute(e, by)
    ),
  );
  const body = store(
    update.buffer,
    update.indices.map((e) => substitute(e, rename)),
    substitute(first, rename),
  );
  const initName = names.get(`${name}_init`);
  const init = block(initName, iters, spatial.map(({ value }) => substitute(value, by)), body, { where });
  const { init: _gone, ...rest } = b;
  const now = replaceStmt(func, b, rest);
  const here = findLoop(now, loopName);
  return { func: replaceStmt(now, here.loop, seq(wrap(news, init), here.loop)), block: initName };
}

/** Makes `loopName`'s turns partial results of their own: `${block}_rf` computes them, the block reduces them. */
export function rfactor(func: PrimFunc, loopName: string, axis = 0): { func: PrimFunc; block: string } {
  const { loop, outer } = findLoop(func, loopName);
  const asked = `cannot rfactor loop ${loopName}`;
  const inner: For[] = [];
  let at: Stmt = loop;
  while (at.kind === "for") {
    inner.push(at);
    at = at.body;
  }
  if (at.kind !== "block") throw new ScheduleError(`${asked}: there is more than one block inside`, loop);
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
    throw new ScheduleError(`${asked}: rfactor while the loops are serial`, loop);
  }
  const reduce = reduceLoops(b, loops);
  if (!reduce.includes(loop)) throw new ScheduleError(`${asked}: ${b.name} does not reduce over it`, loop);
  const mixed = loops.find((l) =>
    reduce.includes(l) &&
    b.iters.some((it, k) => it.type === "spatial" && usesVar(b.bindings[k] as Expr, (v) => v === l.var))
  );
  if (mixed) {
    throw new ScheduleError(
      `${asked}: loop ${mixed.var.name} runs over spatial and reduce axes at once`,
      mixed,
    );
  }
  const { op, value, store: update, identity } = updateOf(b, asked);
  const old = update.buffer;
  if (!(Number.isInteger(axis) && axis >= 0 && axis <= old.shape.length)) {
    throw new ScheduleError(
      `${asked} into dimension ${axis}: ${old.name} has ${old.shape.length}, so 0 to ${old.shape.length} would work`,
    );
  }
  const names = new FreshNames(func);
  const shape = old.shape.toSpliced(axis, 0, loop.extent);
  const partial: Buffer = { ...old, name: names.get(`${old.name}_rf`), shape, scope: "global" };

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
  const rf = block(
    names.get(`${b.name}_rf`),
    [...spatial.map((s) => s.it), own, ...others.map((o) => o.iter)],
    [...spatial.map((s) => s.value), loop.var, ...others.map((o) => o.loop.var)],
    store(partial, indices, binary(op, self, substitute(value, values))),
    { where: b.where, init: store(partial, indices, identity) },
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
  const where = and(
    ...conjuncts(b.where).filter((e) => !usesVar(e, (v) => reduce.some((l) => l.var === v))).map((e) =>
      substitute(e, by)
    ),
  );
  const first = b.init.kind === "store" ? substitute(b.init.value, rename) : identity;
  const rest = block(
    b.name,
    iters,
    [...spatial.map((s) => substitute(s.value, by)), by.get(loop.var) as Expr],
    store(old, place, binary(op, load(old, ...place), total)),
    { where, init: store(old, place, first), annotations: b.annotations },
  );
  const now = replaceStmt(func, b, rf);
  const done = insert(now, undefined, rf, wrap(news, rest), "after");
  return { func: done.with({ allocs: [...func.allocs, partial] }), block: rf.name };
}

/** The reduction that a block is a step of. */
function updateOf(b: Block, asked: string): Reducer & { readonly store: Store } {
  const store = storeOf(b, "reduce");
  const reducer = reducerOf(store);
  if (reducer) return { ...reducer, store };
  throw new ScheduleError(`${asked}: its update is not x = x + y, max(x, y) or min(x, y)`, b);
}
