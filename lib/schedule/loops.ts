import {
  add,
  and,
  ceilDiv,
  floorDiv,
  floorMod,
  forLoop,
  isConst,
  lt,
  mul,
  toExpr,
  variable,
} from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { Analyzer } from "../ir/simplify.ts";
import type { For, LoopKind, Stmt, ThreadTag } from "../ir/stmt.ts";
import { mapStmt, substitute } from "../ir/visit.ts";
import { ScheduleError } from "./error.ts";
import { blocksOf, findLoop, FreshNames, reduceLoops, replaceStmt } from "./tree.ts";

/** Rebuilds the blocks of `s` with loop variables replaced, `where` strengthened by what `guard` says. */
export function rebind(s: Stmt, by: ReadonlyMap<Var, Expr>, analyzer: Analyzer, guard?: Expr): Stmt {
  const go = (x: Stmt): Stmt => {
    if (x.kind !== "block") return mapStmt(x, go, (e) => substitute(e, by));
    const bindings = x.bindings.map((e) => analyzer.simplify(substitute(e, by)));
    const where = analyzer.simplify(and(substitute(x.where, by), ...(guard ? [guard] : [])));
    return { ...x, bindings, where };
  };
  return go(s);
}

export function split(
  func: PrimFunc,
  name: string,
  factors: readonly (number | null)[],
): { func: PrimFunc; loops: string[] } {
  const { loop } = findLoop(func, name);
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
  const known = factors.reduce<number>((p, f) => p * (f ?? 1), 1);
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
  const analyzer = Analyzer.of(func);
  const extent = analyzer.simplify(loops.reduce<Expr>((p, l) => mul(p, l.extent), toExpr(1)));
  const fused = variable(new FreshNames(func).get(names.length === 1 ? first : `${names.join("_")}_fused`));
  analyzer.bind(fused, extent);
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

export function reorder(func: PrimFunc, names: readonly string[]): PrimFunc {
  const asked = `cannot reorder loops ${names.join(", ")}`;
  const found = names.map((n) => findLoop(func, n));
  if (new Set(names).size !== names.length) throw new ScheduleError(`${asked}: a loop is named twice`);
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
        `${asked}: ${missing} is not in one perfect nest with ${top.loop.var.name}`,
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
  const nest = now.reduceRight<Stmt>((body, l) => ({ ...l, body }), at);
  return replaceStmt(func, top.loop, nest);
}

export function setLoopKind(func: PrimFunc, name: string, kind: LoopKind, verb: string): PrimFunc {
  const { loop, outer } = findLoop(func, name);
  const asked = `cannot ${verb} loop ${name}`;
  if (loop.loop !== "serial") throw new ScheduleError(`${asked}: it is ${loop.loop} already`, loop);
  if (kind === "vectorized" && !isConst(loop.extent)) {
    throw new ScheduleError(`${asked}: its extent is symbolic; split it by 4 first`, loop);
  }
  if (kind === "unrolled" && !isConst(loop.extent)) {
    throw new ScheduleError(`${asked}: its extent is symbolic; split it first`, loop);
  }
  const carrier = blocksOf(loop).find(({ block, loops }) =>
    reduceLoops(block, [...outer, ...loops]).some((l) => l.var === loop.var)
  );
  if (carrier && (kind === "vectorized" || kind === "parallel" || kind.startsWith("blockIdx"))) {
    throw new ScheduleError(
      `${asked}: block ${carrier.block.name} reduces over it; rfactor it first, or choose a spatial loop`,
      loop,
    );
  }
  return replaceStmt(func, loop, { ...loop, loop: kind });
}

export function bind(func: PrimFunc, name: string, tag: ThreadTag): PrimFunc {
  return setLoopKind(func, name, tag, `bind to ${tag}`);
}
