import { add, and, conjuncts, constant, ge, isConst, le, lt, sub } from "../ir/build.ts";
import type { Buffer, Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { keyOf } from "../ir/key.ts";
import { type Range, regionOf } from "../arith/region.ts";
import { Analyzer } from "../arith/analyzer.ts";
import type { Block, For } from "../ir/stmt.ts";
import { usesVar } from "../ir/visit.ts";
import { ScheduleError } from "./error.ts";
import { refuseMove } from "./refuse_in_place.ts";
import { insert } from "./insert_nest.ts";
import { loopsOver, within, wrap } from "./box_loops.ts";
import { accessesTo, reads, storeOf, storesOf, writes } from "./block_accesses.ts";
import { blocksOf, findBlock, findLoop, type FoundBlock, isBefore } from "./find.ts";
import { checkDepth } from "./check_depth.ts";
import { consumersOf, producersOf } from "./dependences.ts";
import { FreshNames } from "./fresh_names.ts";
import { reduceLoops } from "./reduce_loops.ts";
import { removeBlock } from "./replace_stmt.ts";

/**
 * Moves a consumer under a loop around its producers, after them. There, each iteration consumes the part that they
 * produce in that iteration.
 *
 *     for i in range(64):             for i in range(64):
 *       T[i] = A[i] * 2                 T[i] = A[i] * 2
 *     for i_1 in range(64):      →      B[i] = T[i] + 1
 *       B[i_1] = T[i_1] + 1
 *
 * @throws {ScheduleError} where it needs what other iterations or later statements produce, or is needed before
 */
export function reverseComputeAt(
  func: PrimFunc,
  name: string,
  loopName: string,
): { func: PrimFunc; loops: string[] } {
  const { block: b, loops: own } = findBlock(func, name);
  const { loop, outer } = findLoop(func, loopName);
  const asked = `cannot compute ${name} at loop ${loopName}`;
  const { buffer: result } = storeOf(b, "move");
  refuseMove(func, b, asked);
  if (own.includes(loop)) {
    throw new ScheduleError(`${asked}: it is inside already; choose a loop that is not around it`, loop);
  }
  const twin = blocksOf(func.body).find((x) => x.block !== b && writes(x.block, result))?.block;
  if (twin) {
    throw new ScheduleError(
      `${asked}: ${twin.name} writes ${result.name} too; move it before decomposing its reduction`,
      twin,
    );
  }
  const producers = producersOf(func, b).filter((p) => p.loops.includes(loop));
  if (producers.length === 0) {
    throw new ScheduleError(
      `${asked}: no producer of it is inside that loop; choose a loop around what it reads`,
      loop,
    );
  }
  const entered = [...outer, loop].find((l) => !own.includes(l)) as For;
  const late = producersOf(func, b).find((p) => !p.loops.includes(loop) && !isBefore(func, p.block, entered));
  if (late) {
    throw new ScheduleError(
      `${asked}: it reads what ${late.block.name} writes too, which is not done before loop ${entered.var.name} ` +
        `begins; computeAt ${late.block.name} or inline it first`,
      late.block,
    );
  }
  const followed = producers.flatMap((p) => storesOf(p.block, "follow").map((s) => s.buffer))
    .filter((x) => reads(b, x));
  const buffer = followed[0] as Buffer;
  if (followed.some((x) => x !== buffer)) {
    throw new ScheduleError(
      `${asked}: its producers there write more than one buffer; choose a loop around one of them`,
      loop,
    );
  }
  const elsewhere = blocksOf(func.body).find((x) => writes(x.block, buffer) && !x.loops.includes(loop));
  if (elsewhere) {
    throw new ScheduleError(
      `${asked}: ${elsewhere.block.name} writes ${buffer.name} outside of that loop; choose a loop around all that ` +
        `write it, or move before decomposing`,
      loop,
    );
  }
  // It may share outer loops with its consumers; there it only moves to an earlier place.
  const early = consumersOf(func, b).find((c) =>
    c.loops.some((l) => l === loop || (outer.includes(l) && !own.includes(l)))
  );
  if (early) {
    throw new ScheduleError(
      `${asked}: its consumer ${early.block.name} is in the same nest, and needs it whole; move that first`,
      early.block,
    );
  }
  for (const p of producers) {
    const open = reduceLoops(p.block, p.loops).find((l) => l === loop || outer.includes(l));
    if (open) {
      throw new ScheduleError(
        `${asked}: ${p.block.name} is not finished there, as it reduces over ${open.var.name}; choose a loop outside ` +
          `of ${open.var.name}`,
        loop,
      );
    }
  }
  const analyzer = Analyzer.of(func);
  const producer = producers.at(-1) as FoundBlock;
  const inside = producer.loops.slice(producer.loops.indexOf(loop) + 1);
  const isInside = (v: Var) => inside.some((l) => l.var === v);
  const indices = accessesTo(producer.block, buffer).find((a) => a.write)?.indices ?? [];
  const skips = conjuncts(producer.block.where).find((e) =>
    usesVar(e, (v) => isInside(v) && indices.some((x) => usesVar(x, (y) => y === v))) &&
    !isOfDomain(e, producer.block, analyzer)
  );
  if (skips) {
    throw new ScheduleError(
      `${asked}: a condition leaves out some of what ${producer.block.name} would produce there; split its loops ` +
        `by factors that divide them`,
      producer.block,
    );
  }
  const produced = regionOf(buffer, indices, isInside, analyzer);
  const part = producers.find((p) => {
    const within = new Set(p.loops.slice(p.loops.indexOf(loop) + 1).map((l) => l.var));
    const own = accessesTo(p.block, buffer).find((a) => a.write)?.indices ?? [];
    return regionOf(buffer, own, (v) => within.has(v), analyzer).some((r, d) =>
      !analyzer.provesEqual(r.min, (produced[d] as Range).min) ||
      !analyzer.provesEqual(r.extent, (produced[d] as Range).extent)
    );
  });
  if (part) {
    throw new ScheduleError(
      `${asked}: ${part.block.name} and ${producer.block.name} produce different parts of ${buffer.name} there; move ` +
        `it before partitioning their loops`,
      part.block,
    );
  }
  const accesses = readIndices(b, buffer);
  const [read] = accesses;
  if (!read || accesses.some((a) => a.some((e, d) => keyOf(e) !== keyOf(read[d] as Expr)))) {
    throw new ScheduleError(
      `${asked}: it reads ${buffer.name} at more than one place; computeAt moves ${producer.block.name} to it instead`,
      b,
    );
  }
  const places = read.map(placeOf), vars = places.flatMap((p) => p ? [p.axis] : []);
  if (new Set(vars).size !== vars.length || read.some((e, d) => !places[d] && e.kind !== "const")) {
    throw new ScheduleError(
      `${asked}: it does not read ${buffer.name} at plain axes; computeAt moves ${producer.block.name} to it instead`,
      b,
    );
  }
  const ranges = b.iters.map((it) => {
    const d = places.findIndex((p) => p?.axis === it.var), from = places[d]?.from ?? 0;
    const range = produced[d];
    if (d >= 0 && range && !range.exact) {
      throw new ScheduleError(
        `${asked}: what is produced of ${buffer.name} there has gaps or no known bounds in dimension ${d}; choose a ` +
          `loop further in or out`,
        loop,
      );
    }
    if (range && !analyzer.proves(le(add(it.extent, from), axisExtent(producer.block, d)))) {
      throw new ScheduleError(
        `${asked}: its axis ${it.var.name} is longer than what ${producer.block.name} produces in dimension ${d}, ` +
          `and no iteration there would compute the rest; computeInline ${producer.block.name}`,
        b,
      );
    }
    if (range && it.type === "reduce" && (from !== 0 || !covers(range, it.extent, analyzer))) {
      throw new ScheduleError(
        `${asked}: it reduces over dimension ${d} of ${buffer.name}, and an iteration there produces only a part of it; ` +
          `choose a loop further out`,
        loop,
      );
    }
    if (!range) return { min: constant(0), extent: it.extent };
    return from === 0 ? range : { ...range, min: sub(range.min, from) };
  });
  read.forEach((e, d) => {
    if (e.kind !== "const" || has(produced[d] as Range, e, analyzer)) return;
    throw new ScheduleError(
      `${asked}: it reads ${buffer.name} at ${e.value} in dimension ${d}, which not every iteration there produces; ` +
        `choose a loop further out`,
      loop,
    );
  });
  const names = new FreshNames(func);
  const { vars: news, at } = loopsOver(ranges, names, analyzer);
  checkDepth(asked, loop, outer.length + news.length);
  // An iteration without a producer has no valid result in a thread's registers. If one block fills and another copies,
  // either one counts as the producer.
  const conditions = producers.map((p) => conjuncts(p.block.where));
  const iteration = conjuncts(producer.block.where).filter((e) =>
    !usesVar(e, isInside) && conditions.every((list) => list.some((x) => keyOf(x) === keyOf(e)))
  );
  const where = analyzer.simplify(and(...iteration, within(at, b.iters.map((it) => it.extent), analyzer)));
  const moved: Block = { ...b, bindings: at, where };
  const rest = removeBlock(func, b);
  const here = findLoop(rest, loopName).loop;
  return {
    func: insert(rest, here, producer.block, wrap(news, moved), "after"),
    loops: news.map((v) => v.var.name),
  };
}

/** An index as an axis, or an axis from a place on. */
function placeOf(e: Expr): { readonly axis: Var; readonly from: number } | undefined {
  if (e.kind === "var") return { axis: e, from: 0 };
  return e.kind === "binary" && e.op === "add" && e.a.kind === "var" && isConst(e.b) && e.b.value >= 0
    ? { axis: e.a, from: e.b.value }
    : undefined;
}

/** Tells whether `e` only bounds an axis of `b` by its extent. */
function isOfDomain(e: Expr, b: Block, analyzer: Analyzer): boolean {
  const key = keyOf(analyzer.simplify(e));
  return b.bindings.some((at, k) =>
    [lt(at, b.iters[k]?.extent as Expr), ge(at, 0)].some((x) => keyOf(analyzer.simplify(x)) === key)
  );
}

/** Gives the end of the range from 0 that `b` writes in dimension `d`; 0 if its index is not a plain axis. */
function axisExtent(b: Block, d: number): Expr {
  const e = storesOf(b, "follow")[0].indices[d];
  return b.iters.find((it) => it.var === e)?.extent ?? constant(e && isConst(e, 0) ? 1 : 0);
}

/** Tells whether `range` is certainly all of `0 … extent-1`. */
function covers(range: Range, extent: Expr, analyzer: Analyzer): boolean {
  return analyzer.proves(le(range.min, 0)) && analyzer.proves(le(extent, add(range.min, range.extent)));
}

/** Tells whether `e` certainly lies in `range`. */
function has(range: Range, e: Expr, analyzer: Analyzer): boolean {
  return analyzer.proves(le(range.min, e)) && analyzer.proves(lt(e, add(range.min, range.extent)));
}

function readIndices(b: Block, buffer: Buffer): readonly (readonly Expr[])[] {
  const bare: Block = { ...b, bindings: b.iters.map((it) => it.var) };
  return accessesTo(bare, buffer).filter((a) => !a.write).map((a) => a.indices);
}
