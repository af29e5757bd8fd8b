import {
  add,
  and,
  binary,
  block,
  constant,
  floorDiv,
  floorMod,
  isConst,
  iterVar,
  load,
  lt,
  max,
  min,
  mul,
  select,
  seq,
  store,
  sub,
  variable,
} from "../ir/build.ts";
import type { Buffer, Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { gcd } from "../arith/gcd.ts";
import { Analyzer } from "../arith/analyzer.ts";
import type { Block, For, IterVar } from "../ir/stmt.ts";
import { substitute } from "../ir/visit.ts";
import { ScheduleError } from "./error.ts";
import { isStraight, wrap } from "./box_loops.ts";
import { updateOf } from "./rfactor.ts";
import { findBlock, FreshNames, replaceStmt } from "./query.ts";

/** Steps of a reduction, most: with some to spare, numbers of steps stay within an index. */
const MOST_STEPS = 2 ** 28;

/** How the steps of all tiles, tile by tile in one line, fall to ranges of one length. */
interface Ranges {
  /** Tiles along each spatial axis, and in all. */
  readonly counts: readonly number[];
  readonly tiles: number;
  /** Steps of a tile. */
  readonly steps: number;
  /** Steps of a range; only the last one may have fewer. */
  readonly length: number;
  readonly workers: number;
  /** Tiles that a range meets, and ranges that a tile meets, at most. */
  readonly slots: number;
  readonly parts: number;
}

/**
 * Shares a reduction out in equal ranges of steps, whatever number of tiles there are: the steps of all tiles stand
 * in one line, tile after tile, and each worker takes its range of it, across the border of two tiles where that
 * lies in it (stream-K: Osama et al., 2023, "Stream-K: Work-centric Parallel Decomposition for Dense Matrix-Matrix
 * Multiplication on the GPU"). A new block computes what each worker adds to each of its tiles, and the block
 * reduces the parts of each tile. `tile` has a number for each spatial axis, `step` is for the axis that is reduced.
 *
 *                                         for worker, slot, i_1, turn, k in grid(2, 2, 4, 3, 4):
 *                                           init: B_parts[worker, slot, i_1] = 0
 *                                           B_parts[worker, slot, i_1] = B_parts[worker, slot, i_1]
 *     for i, k in grid(8, 12):                + (A[tile(worker, slot) * 4 + i_1, step(worker, turn) * 4 + k]
 *       init: B[i] = 0              →             if in range(worker, slot, turn) else 0)
 *       B[i] = B[i] + A[i, k]             for i, part in grid(8, 2):
 *                                           init: B[i] = 0
 *                                           B[i] = B[i] + (B_parts[worker(i // 4, part), slot(i // 4, part), i % 4]
 *                                             if there is one else 0)                 (tile 4, step 4, 2 workers)
 *
 * @throws {ScheduleError} where the block is not alone in one serial loop an axis, reduces over other than one axis,
 * the tile or the step does not divide it, or there are fewer steps than workers
 */
export function streamK(
  func: PrimFunc,
  name: string,
  tile: readonly number[],
  step: number,
  workers: number,
): { func: PrimFunc; block: string } {
  const found = findBlock(func, name);
  const { block: b, loops } = found;
  const asked = `cannot share the steps of ${name} out among ${workers} workers`;
  const analyzer = Analyzer.of(func);
  const [top] = loops;
  if (!b.init || !top || !isStraight(found, analyzer)) {
    throw new ScheduleError(
      `${asked}: it is no reduction, whole and alone in one serial loop an axis; streamK before changing its loops`,
      top ?? b,
    );
  }
  const update = updateOf(b, asked);
  const ranges = rangesOf(b, tile, step, workers, asked);
  const names = new FreshNames(func);
  const old = update.store.buffer;
  const partial: Buffer = {
    ...old,
    name: names.get(`${old.name}_parts`),
    shape: [ranges.workers, ranges.slots, ...tile].map((n) => constant(n)),
    scope: "global",
  };
  const parts = partsOf(b, loops, { tile, step, ranges, partial, update, names, analyzer });
  const total = totalOf(b, loops, { tile, ranges, partial, update, names, analyzer });
  const now = replaceStmt(func, top, seq(parts.nest, total));
  return { func: now.with({ allocs: [...func.allocs, partial] }), block: parts.block.name };
}

function rangesOf(
  b: Block,
  tile: readonly number[],
  step: number,
  workers: number,
  asked: string,
): Ranges {
  const spatial = b.iters.filter((it) => it.type === "spatial");
  const reduce = b.iters.filter((it) => it.type === "reduce");
  const [k] = reduce;
  if (!k || reduce.length !== 1) {
    throw new ScheduleError(
      `${asked}: it reduces over ${reduce.length} axes; blocks that do over one work`,
      b,
    );
  }
  if (tile.length !== spatial.length) {
    throw new ScheduleError(
      `${asked}: a tile of ${tile.length} numbers; give one for each of its ${spatial.length} spatial axes`,
      b,
    );
  }
  const cuts = [...spatial.map((it, d) => [it, tile[d] as number] as const), [k, step] as const];
  const counts = cuts.map(([it, by]) => {
    const whole = isConst(it.extent) ? it.extent.value : NaN;
    if (!(Number.isInteger(by) && by >= 1 && whole % by === 0)) {
      const extent = Number.isNaN(whole) ? "not constant" : `${whole}`;
      throw new ScheduleError(
        `${asked}: axis ${it.var.name} is ${extent} long, and not so many times ${by}; ` +
          (Number.isNaN(whole) ? "specialize the program first" : "choose a divisor, or padEinsum first"),
        b,
      );
    }
    return whole / by;
  });
  const steps = counts.pop() as number;
  const tiles = counts.reduce((p, q) => p * q, 1), all = tiles * steps;
  if (all > MOST_STEPS) {
    throw new ScheduleError(
      `${asked}: it has ${all} steps, and up to ${MOST_STEPS} work; take larger ones`,
      b,
    );
  }
  if (!(Number.isInteger(workers) && workers >= 1 && workers <= all)) {
    throw new ScheduleError(`${asked}: it has ${all} steps, so 1 to ${all} workers have something to do`, b);
  }
  const length = Math.ceil(all / workers), used = Math.ceil(all / length);
  // Ranges begin at multiples of this within a tile, and tiles within a range: the last of those meets the most.
  const grain = gcd(length, steps);
  const slots = Math.min(tiles, 1 + Math.floor((steps - grain + length - 1) / steps));
  const parts = Math.min(used, 1 + Math.floor((length - grain + steps - 1) / length));
  return { counts, tiles, steps, length, workers: used, slots, parts };
}

/** What the two blocks are made of. */
interface Making {
  readonly tile: readonly number[];
  readonly ranges: Ranges;
  readonly partial: Buffer;
  readonly update: ReturnType<typeof updateOf>;
  readonly names: FreshNames;
  readonly analyzer: Analyzer;
}

/** The block that computes each worker's parts, in loops of its own. */
function partsOf(b: Block, loops: readonly For[], m: Making & { readonly step: number }) {
  const { counts, tiles, steps, length, workers, slots } = m.ranges;
  const axis = (name: string, extent: number, type: IterVar["type"] = "spatial") => ({
    loop: { var: variable(m.names.get(name)), extent: constant(extent) },
    iter: iterVar(variable(`v_${name}`), extent, type),
  });
  const inTile = b.iters.flatMap((it, d) => it.type === "spatial" ? [{ it, loop: loops[d] as For }] : [])
    .map(({ it, loop }, d) => ({ it, axis: axis(loop.var.name, m.tile[d] as number) }));
  const worker = axis("worker", workers), slot = axis("slot", slots);
  const turn = axis("turn", Math.min(steps, length), "reduce"), inStep = axis("k", m.step, "reduce");
  const axes = [worker, slot, ...inTile.map((x) => x.axis), turn, inStep];
  for (const { iter } of axes) m.analyzer.bind(iter.var, iter.extent);

  const first = mul(worker.iter.var, length);
  const tileAt = add(floorDiv(first, steps), slot.iter.var);
  // Of its first tile a worker may take the end, of all others the start.
  const before = floorMod(first, steps), passed = mul(slot.iter.var, steps);
  const stepAt = add(max(sub(before, passed), 0), turn.iter.var);
  const isLive = and(
    lt(stepAt, steps),
    lt(add(passed, stepAt), add(before, length)),
    ...(workers * length === tiles * steps ? [] : [lt(add(mul(tileAt, steps), stepAt), tiles * steps)]),
  );
  // Turns that add nothing read what is there.
  const from = tilePlace(min(tileAt, tiles - 1), counts);
  const k = add(mul(min(stepAt, steps - 1), m.step), inStep.iter.var);
  const values = new Map<Var, Expr>([
    ...inTile.map(({ it, axis }, d): [Var, Expr] => [
      it.var,
      add(mul(from[d] as Expr, m.tile[d] as number), axis.iter.var),
    ]),
    ...b.iters.flatMap((it): [Var, Expr][] => it.type === "reduce" ? [[it.var, k]] : []),
  ]);
  const { op, value, identity } = m.update;
  const indices = [worker, slot, ...inTile.map((x) => x.axis)].map((x) => x.iter.var);
  const term = m.analyzer.simplify(select(isLive, substitute(value, values), identity));
  const made = block(
    m.partial.name,
    axes.map((x) => x.iter),
    axes.map((x) => x.loop.var),
    store(m.partial, indices, binary(op, load(m.partial, ...indices), term)),
    { init: store(m.partial, indices, identity) },
  );
  return { block: made, nest: wrap(axes.map((x) => x.loop), made) };
}

/** The block's own nest, which reduces the parts. */
function totalOf(b: Block, loops: readonly For[], m: Making) {
  const { counts, steps, length, parts } = m.ranges;
  const kept = b.iters.flatMap((it, d) =>
    it.type === "spatial" ? [{ it, own: { ...it, var: variable(it.var.name) }, loop: loops[d] as For }] : []
  );
  const part = { loop: variable(m.names.get("part")), iter: iterVar(variable("v_part"), parts, "reduce") };
  for (const { own } of kept) m.analyzer.bind(own.var, own.extent);
  m.analyzer.bind(part.iter.var, part.iter.extent);

  const tileAt = kept.reduce<Expr>(
    (at, { own }, d) => add(mul(at, counts[d] as number), floorDiv(own.var, m.tile[d] as number)),
    constant(0),
  );
  const first = mul(tileAt, steps);
  const worker = add(floorDiv(first, length), part.iter.var);
  const slot = sub(tileAt, floorDiv(mul(worker, length), steps));
  const inTile = kept.map(({ own }, d) => floorMod(own.var, m.tile[d] as number));
  const isThere = lt(mul(worker, length), add(first, steps));
  const { op, identity, store: update, start } = m.update;
  const rename = new Map<Var, Expr>(kept.map(({ it, own }) => [it.var, own.var]));
  const place = update.indices.map((e) => substitute(e, rename));
  const term = m.analyzer.simplify(select(isThere, load(m.partial, worker, slot, ...inTile), identity));
  const total = block(
    b.name,
    [...kept.map((x) => x.own), part.iter],
    [...kept.map((x) => x.loop.var), part.loop],
    store(update.buffer, place, binary(op, load(update.buffer, ...place), term)),
    { init: store(update.buffer, place, substitute(start, rename)), annotations: b.annotations },
  );
  return wrap([...kept.map((x) => x.loop), { var: part.loop, extent: constant(parts) }], total);
}

/** Where a tile stands along each axis. */
function tilePlace(tile: Expr, counts: readonly number[]): readonly Expr[] {
  return counts.map((count, d) => {
    const inner = counts.slice(d + 1).reduce((p, q) => p * q, 1);
    const at = floorDiv(tile, inner);
    return d === 0 ? at : floorMod(at, count);
  });
}
