/** The two blocks that stream-K makes of a reduction. */
import {
  add,
  and,
  binary,
  block,
  constant,
  floorDiv,
  floorMod,
  iterVar,
  load,
  lt,
  max,
  min,
  mul,
  select,
  store,
  sub,
  variable,
} from "../ir/build.ts";
import type { Buffer, Expr, Var } from "../ir/expr.ts";
import type { Analyzer } from "../arith/analyzer.ts";
import type { Block, For, IterVar, Stmt } from "../ir/stmt.ts";
import { substitute } from "../ir/substitute.ts";
import { wrap } from "./box_loops.ts";
import type { updateOf } from "./rfactor.ts";
import type { FreshNames } from "./fresh_names.ts";
import type { StepRanges } from "./stream_k_ranges.ts";

/** The parts that the two blocks have in common. */
interface Making {
  readonly tile: readonly number[];
  readonly ranges: StepRanges;
  readonly partial: Buffer;
  readonly update: ReturnType<typeof updateOf>;
  readonly names: FreshNames;
  readonly analyzer: Analyzer;
}

/** Makes the block that computes the partial sums of each worker, in loops of its own. */
export function partialSumsNest(
  b: Block,
  loops: readonly For[],
  m: Making & { readonly step: number },
): { readonly block: Block; readonly nest: Stmt } {
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
  // A worker may begin at the end of its first tile; it takes all others from their start.
  const before = floorMod(first, steps), passed = mul(slot.iter.var, steps);
  const stepAt = add(max(sub(before, passed), 0), turn.iter.var);
  const isLive = and(
    lt(stepAt, steps),
    lt(add(passed, stepAt), add(before, length)),
    ...(workers * length === tiles * steps ? [] : [lt(add(mul(tileAt, steps), stepAt), tiles * steps)]),
  );
  // Iterations that add nothing read elements that exist.
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

/** Makes the block's own nest, which adds the partial sums. */
export function totalNest(b: Block, loops: readonly For[], m: Making): Stmt {
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

/** Gives the position of a tile along each axis. */
function tilePlace(tile: Expr, counts: readonly number[]): readonly Expr[] {
  return counts.map((count, d) => {
    const inner = counts.slice(d + 1).reduce((p, q) => p * q, 1);
    const at = floorDiv(tile, inner);
    return d === 0 ? at : floorMod(at, count);
  });
}
