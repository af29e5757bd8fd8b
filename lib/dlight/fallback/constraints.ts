/** Constraints of the generic space: limits, values that do not pay, and values that change nothing. */
import { bytesOf, scalarOf } from "../../ir/dtype.ts";
import type { Expr, Load } from "../../ir/expr.ts";
import { Analyzer } from "../../arith/analyzer.ts";
import type { IterVar } from "../../ir/stmt.ts";
import { usesVar } from "../../ir/visit.ts";
import type { Answer, Factors, Knobs } from "../../space/knobs.ts";
import type { Target } from "../../target/target.ts";
import { constExtent } from "../analysis.ts";
import type { Kept, Prologue } from "./plan.ts";
import { tooLarge, tooMany } from "../steps/operand_paths.ts";

/** Where a block reads an operand: in place, or from a copy in registers or workgroup memory. */
export type Near = "direct" | "local" | "shared";
/** Where a prologue is computed: at each read, in a separate kernel, or at its reader's tile. */
export type ProloguePlace = "inline" | "global" | "local" | "shared";
export const NEARS: readonly Near[] = ["direct", "local", "shared"];

/** All spatial axes fused, or two tiled axes, one of them the last. */
export type Tiling = "fused" | "axes";

/** The limits on unrolled iterations; 1: no unrolling. */
export const UNROLLS: readonly number[] = [1, 16, 128, 1024];
/** Elements of local memory that a copy may use per thread, and iterations of a cooperative copy. */
const MOST_LOCAL = 128, MOST_ITERATIONS = 64;
/** Reductions across threads per thread, at most; each needs a tree of its own. */
const MOST_TREES = 16;

/** Knobs that are declared already, in addition to the blocks' own. */
export interface Beside {
  readonly target: Target;
  readonly threads: number;
  /** The prologues near `block`, with the knobs of their places. */
  readonly prologues: (block: string) => readonly { readonly knob: string; readonly prologue: Prologue }[];
  /** The knobs that decide whether a block after `block` is moved into its loops. */
  readonly fuses: (block: string) => readonly string[];
}

type Tile = Factors[3];

/** Refuses values of knobs that would change nothing: two points of the space would be the same schedule. */
export function requireUse(knobs: Knobs, name: (knob: string) => string, reduces: boolean): void {
  const [x, y, k] = ["tile_x", "tile_y", "tile_k"].map(name) as [string, string, string];
  knobs.require(
    [x, k, name("vectorize")],
    ([, , rx]: Tile, [, , chunk]: Tile, vectors: boolean) =>
      vectors && rx % 4 !== 0 && chunk % 4 !== 0 ? "nothing comes in fours to make vectors of" : undefined,
  );
  knobs.require(
    [x, y, k, name("unroll")],
    ([, , rx]: Tile, [, , ry]: Tile, [, , chunk]: Tile, unroll: number) =>
      (UNROLLS[UNROLLS.indexOf(unroll) - 1] ?? 0) >= rx * ry * chunk
        ? `a tile has ${rx * ry * chunk} iterations, fewer than ${unroll} to unroll`
        : undefined,
  );
  if (!reduces) return;
  knobs.require(
    [x, y, k, name("k_innermost")],
    ([, , rx]: Tile, [, , ry]: Tile, [, lanes, chunk]: Tile, innermost: boolean) =>
      innermost && (lanes > 1 || chunk === 1 || rx * ry === 1)
        ? "there is one order of one step, of one result, and of threads that share a reduction"
        : undefined,
  );
}

type TileAnswers = readonly [tiling: Tiling, yAxis: number, x: Tile, y: Tile, k: Tile];

/** Declares the constraints of block `b`; `nears` are the knobs of its operands. */
export function requireOf(
  knobs: Knobs,
  name: (knob: string) => string,
  b: Kept,
  nears: readonly string[],
  beside: Beside,
): void {
  const { target } = beside;
  const tiles = ["tiling", "y_axis", "tile_x", "tile_y", "tile_k"].map(name);
  const many = b.spatial.length > 1;
  const extents = b.spatial.map(axisExtent), all = product(extents), steps = b.k ? axisExtent(b.k) : 1;
  knobs.require(
    [name("tiling"), name("y_axis"), name("tile_y")],
    (tiling: Tiling, yAxis: number, [, ty, ry]: Tile) =>
      tiling === "fused" && (yAxis > 1 || ty * ry > 1)
        ? "all axes are one: there is no second one to tile"
        : undefined,
  );
  knobs.require(
    [name("tile_x"), name("tile_y"), name("tile_k")],
    ([, tx]: Tile, [, ty]: Tile, [, lanes]: Tile) => tooMany(target, tx, ty, lanes),
  );
  knobs.require(
    [name("tiling"), name("tile_x")],
    (tiling: Tiling, [, tx, rx]: Tile) =>
      rx > 1 && tx * rx > ceilPowerOfTwo(tiling === "axes" ? extents.at(-1) ?? 1 : all)
        ? `${tx} x ${rx} results: the axis is shorter`
        : undefined,
  );
  if (many) {
    knobs.require(
      [name("y_axis"), name("tile_y")],
      (yAxis: number, [, ty, ry]: Tile) =>
        ty * ry > ceilPowerOfTwo(extents.at(-1 - Math.min(yAxis, extents.length - 1)) ?? 1)
          ? `${ty} x ${ry} results: the axis is shorter`
          : undefined,
    );
    const fused = (tiling: Tiling, [, , rx]: Tile, follows: boolean) =>
      tiling === "fused" && rx > 1 && follows
        ? `${rx} results per thread of fused axes do not form a tile, which a block that is moved there needs`
        : undefined;
    if (b.k) {
      knobs.require([name("tiling"), name("tile_x")], (t: Tiling, x: Tile) => fused(t, x, true));
    } else {
      for (const fuse of beside.fuses(b.name)) knobs.require([name("tiling"), name("tile_x"), fuse], fused);
    }
  }
  if (b.k) {
    knobs.require(
      [name("tile_k")],
      ([, lanes, chunk]: Tile) =>
        lanes * chunk > ceilPowerOfTwo(steps)
          ? `${lanes} x ${chunk} steps: the reduction is shorter`
          : undefined,
    );
    knobs.require(
      [name("tile_x"), name("tile_y"), name("tile_k")],
      ([, , rx]: Tile, [, , ry]: Tile, [, lanes]: Tile) =>
        lanes > 1
          ? tooLarge(rx * ry, MOST_TREES, `${rx} x ${ry} sums of ${lanes} threads`, "do not pay")
          : undefined,
    );
  }
  // Copies and prologues at a tile take memory in proportion to the tile.
  const copies = [
    ...b.operands.map((load, o) => ({ knob: nears[o] as string, footprint: footprintOf(b, [load]) })),
    ...beside.prologues(b.name).map(({ knob, prologue }) => ({
      knob,
      footprint: footprintOf(b, prologue.reader?.loads ?? []),
    })),
  ];
  if (copies.length === 0) return;
  knobs.require([...tiles, ...copies.map((c) => c.knob)], (...answers: readonly Answer[]) => {
    const tile = answers.slice(0, tiles.length) as unknown as TileAnswers;
    const places = answers.slice(tiles.length) as readonly (Near | ProloguePlace)[];
    const [tiling, , [, tx, rx], [, ty, ry], [, lanes]] = tile;
    let shared = 0;
    for (const [o, place] of places.entries()) {
      const { elements, bytes } = (copies[o] as typeof copies[number]).footprint;
      if (place === "local") {
        if (tiling === "fused" && many && rx > 1) return "a thread's results of fused axes are no tile";
        const own = elements(tile, [rx, ry]);
        if (own <= 1) return "one element near a thread is what it reads anyway";
        const reason = tooLarge(own, MOST_LOCAL, `${own} elements near a thread`, "do not stay in registers");
        if (reason !== undefined) return reason;
      }
      if (place !== "shared") continue;
      if (lanes > 1) return "threads share the reduction already: each reads a part of it";
      if (tiling === "fused" && many) return "a workgroup's part of fused axes is no tile";
      const own = elements(tile, [tx * rx, ty * ry]);
      const iterations = Math.ceil(own / (tx * ty));
      const reason = tooLarge(
        iterations,
        MOST_ITERATIONS,
        `${iterations} iterations to fetch a tile`,
        "do not pay",
      );
      if (reason !== undefined) return reason;
      shared += own * bytes;
    }
    return shared > target.limits.maxSharedBytes
      ? `${shared} bytes of workgroup memory: the device has ${target.limits.maxSharedBytes}`
      : undefined;
  });
}

interface Footprint {
  /** Elements of a buffer that a tile reads, `x` and `y` long along its two axes. */
  readonly elements: (tile: TileAnswers, size: readonly [x: number, y: number]) => number;
  readonly bytes: number;
}

/** Gives the elements that some loads of one buffer need, by the size of the tile: the box around their accesses. */
function footprintOf(b: Kept, loads: readonly Load[]): Footprint {
  const analyzer = new Analyzer();
  const [first] = loads;
  const strides = (it: IterVar | undefined) =>
    (first?.indices ?? []).map((_, d) =>
      it === undefined
        ? 0
        : Math.max(...loads.map((l) =>
          [...analyzer.linear(l.indices[d] as Expr).terms.values()]
            .filter((t) => usesVar(t.atom, (v) => v === it.var)).reduce((n, t) => n + Math.abs(t.coeff), 0)
        ))
    );
  const byAxis = b.spatial.map(strides), byK = strides(b.k);
  const last = b.spatial.length - 1;
  const spread = loads.length - 1;
  return {
    bytes: first ? bytesOf(scalarOf(first.buffer.dtype)) : 0,
    elements: ([tiling, yAxis, , , [, , chunk]], [x, y]) => {
      const second = tiling === "axes" ? Math.max(0, last - yAxis) : -1;
      let n = 1;
      for (let d = 0; d < (first?.indices.length ?? 0); d++) {
        const span = 1 + spread + (byAxis[last]?.[d] ?? 0) * (x - 1) +
          (second >= 0 && second < last ? (byAxis[second]?.[d] ?? 0) * (y - 1) : 0) +
          (byK[d] ?? 0) * (chunk - 1);
        n *= Math.min(span, constExtent(first?.buffer.shape[d] as Expr) ?? Infinity);
      }
      return n;
    },
  };
}

/** The constant extent of an axis; infinite where it is symbolic. */
export function axisExtent(it: IterVar): number {
  return constExtent(it.extent) ?? Infinity;
}

export function product(list: readonly number[]): number {
  return list.reduce((p, q) => p * q, 1);
}

/** The least power of two that is not below `n`. */
export function ceilPowerOfTwo(n: number): number {
  return Number.isFinite(n) ? 2 ** Math.ceil(Math.log2(Math.max(1, n))) : Infinity;
}
