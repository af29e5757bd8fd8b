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
import { mapStmt, substitute, usesVar } from "../ir/visit.ts";
import { ScheduleError } from "./error.ts";
import { isOneToOne } from "./one_to_one.ts";
import {
  blocksOf,
  checkDepth,
  findLoop,
  type FoundBlock,
  FreshNames,
  mixedLoop,
  reduceLoops,
  replaceStmt,
} from "./tree.ts";

/** Products of factors stay below it: indices are i32. */
const INDEX_LIMIT = 2 ** 31;

/** Rebuilds the blocks of `s` with loop variables replaced, `where` strengthened by what `guard` says. */
export function rebind(s: Stmt, by: ReadonlyMap<Var, Expr>, analyzer: Analyzer, guard?: Expr): Stmt {
  const go = (x: Stmt): Stmt => {
    if (x.kind !== "block") return mapStmt(x, go, (e) => substitute(e, by));
    const bindings = x.bindings.map((e) => {
      const now = substitute(e, by);
      // What is left alone keeps its loop, even one of a single turn: it may be split or bound later.
      return now === e ? e : analyzer.simplify(now);
    });
    const where = analyzer.simplify(and(substitute(x.where, by), ...(guard ? [guard] : [])));
    return { ...x, bindings, where };
  };
  return go(s);
}

/**
 * Makes a nest of loops out of one. One factor may be null: it is worked out. Where the factors do not divide
 * the extent, a condition leaves out the turns that are too many.
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
      `${asked}: the loops would have 2^31 turns or more; use smaller factors`,
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
  const vars = new Set(loops.map((l) => l.var));
  const uneven = loops.find((l) => usesVar(l.extent, (v) => vars.has(v)));
  if (uneven) {
    throw new ScheduleError(
      `${asked}: ${uneven.var.name} has another extent at each turn of a loop around it; leave it out`,
      loops[0],
    );
  }
  const analyzer = Analyzer.of(func);
  const extent = analyzer.simplify(loops.reduce<Expr>((p, l) => mul(p, l.extent), toExpr(1)));
  if (loops.reduce((p, l) => p * (isConst(l.extent) ? l.extent.value : 1), 1) >= INDEX_LIMIT) {
    throw new ScheduleError(`${asked}: the loop would have 2^31 turns or more; fuse fewer loops`, loops[0]);
  }
  const fused = variable(new FreshNames(func).get(names.length === 1 ? first : `${names.join("_")}_fused`));
  // A loop of one turn stays in the block's bindings, so that a split or a thread still reaches the block.
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

/**
 * Puts loops of one perfect nest in the order of `names`; loops between them that are not named stay where
 * they are.
 *
 *     for i, j in grid(4, 8):         for j, i in grid(8, 4):
 *       B[i, j] = A[i, j]        →      B[i, j] = A[i, j]
 *
 * A reduction starts anew at the first turn of the loops that it reduces over, so these can't be moved past
 * others where this would no longer come first, once for each element.
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
  const vars = new Set(chain.map((l) => l.var));
  const uneven = chain.find((l) => usesVar(l.extent, (v) => vars.has(v)));
  if (uneven) {
    throw new ScheduleError(
      `${asked}: ${uneven.var.name} has another extent at each turn of a loop around it; leave it out`,
      top.loop,
    );
  }
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
        `${asked}: reduction ${block.name} starts at the first turn of ${mixed.var.name}, which runs over spatial ` +
          `and reduce axes at once; reorder before fusing these`,
        top.loop,
      );
    }
    if (!isOneToOne(block, loops, analyzer)) {
      throw new ScheduleError(
        `${asked}: reduction ${block.name} computes an element at more than one turn of them, each time from the ` +
          `start; reorder loops further in`,
        top.loop,
      );
    }
  }
  const nest = now.reduceRight<Stmt>((body, l) => ({ ...l, body }), at);
  return replaceStmt(func, top.loop, nest);
}

/**
 * Says how a loop runs: vectorized, unrolled, parallel, or bound to a thread.
 *
 *     for i in range(4):              for i in T.vectorized(4):
 *       B[i] = A[i]              →      B[i] = A[i]
 *
 * @throws {ScheduleError} where the loop has a kind already, or a block in it needs its turns one after another
 */
export function setLoopKind(func: PrimFunc, name: string, kind: LoopKind, verb: string): PrimFunc {
  const { loop, outer } = findLoop(func, name);
  const asked = `cannot ${verb} loop ${name}`;
  if (loop.loop !== "serial") {
    throw new ScheduleError(
      `${asked}: it is ${loop.loop} already, and a loop has one kind; choose a serial loop`,
      loop,
    );
  }
  if (kind === "vectorized" && !isConst(loop.extent)) {
    throw new ScheduleError(`${asked}: its extent is symbolic; split it by 4 first`, loop);
  }
  if ((kind === "unrolled" || kind === "vthread") && !isConst(loop.extent)) {
    throw new ScheduleError(`${asked}: its extent is symbolic; split it first`, loop);
  }
  const now: For = { ...loop, loop: kind };
  for (const { block, loops } of blocksOf(now, outer)) {
    checkKind(asked, now, { block, loops });
  }
  return replaceStmt(func, loop, now);
}

/** Whether `block`, with these loops around it, can have `loop` be of its kind. */
function checkKind(asked: string, loop: For, { block, loops }: FoundBlock): void {
  const kind = loop.loop;
  const reduces = reduceLoops(block, loops).includes(loop);
  const ordered = kind === "unrolled" || kind === "serial" || kind.startsWith("threadIdx");
  if (reduces && !ordered) {
    throw new ScheduleError(
      `${asked}: block ${block.name} reduces over it; rfactor it first, or choose a spatial loop`,
      loop,
    );
  }
  if (!kind.startsWith("blockIdx") && !kind.startsWith("threadIdx")) return;
  if (reduces && mixedLoop(block, [loop])) {
    throw new ScheduleError(
      `${asked}: block ${block.name} has it run over spatial and reduce axes at once; bind before fusing them`,
      loop,
    );
  }
  // A thread has one index: of two loops with one tag, the inner one alone may say what a block does.
  const same = loops.filter((l) => l.loop === kind);
  const used = same.slice(0, -1).find((l) =>
    [...block.bindings, block.where].some((e) => usesVar(e, (v) => v === l.var))
  );
  const other = used && same.find((l) => l !== loop);
  if (other) {
    throw new ScheduleError(
      `${asked}: loop ${other.var.name} of block ${block.name} is ${kind} already, and the block needs the turns ` +
        `of both; fuse the loops, or take another tag`,
      loops.indexOf(other) > loops.indexOf(loop) ? loop : other,
    );
  }
}

/**
 * Binds a loop to a thread index: its turns run in different threads. Those of a `vthread` run in one thread,
 * side by side: what is inside the loop is done for all of them, statement by statement.
 *
 *     for i in range(64):             for i in T.thread_binding(64, thread="threadIdx.x"):
 *       B[i] = A[i]              →      B[i] = A[i]
 *
 * @throws {ScheduleError} as {@linkcode setLoopKind}
 */
export function bind(func: PrimFunc, name: string, tag: ThreadTag | "vthread"): PrimFunc {
  return setLoopKind(func, name, tag, `bind to ${tag}`);
}
