/**
 * The common part of Conv2d and Pool: a reduction over a window that slides over an image. Each thread keeps a strip of a
 * row times some channels of the result in registers, and iterates over input channels and window. There is no index map
 * to a matrix product: the strip is the tile, and row indices need no division.
 */
import type { Expr, Load } from "../../ir/expr.ts";
import type { IterVar } from "../../ir/stmt.ts";
import type { Factors } from "../../space/knobs.ts";
import type { Template } from "../../space/template.ts";
import type { Target } from "../../target/target.ts";
import { constExtent, iterOf, mentions, type Node, spatialAxes } from "../analysis.ts";
import { DIRECT_PATHS, presetsOf } from "../presets.ts";
import { accumulateLocally, placeEpilogue } from "./epilogue.ts";
import { orderTile } from "./tiling.ts";
import { cacheInRegisters, choosePath, tooLarge, tooMany } from "./operand_paths.ts";
import { inlinePrologues } from "./inlining.ts";
import { unrollCopy } from "./cooperative_copy.ts";

/** A reduction over a window, with its axes told apart. */
export interface SlidingWindow {
  readonly main: Node;
  /** What the window slides over. */
  readonly image: Load;
  /** What it is multiplied with; undefined where it is not. */
  readonly weights: Load | undefined;
  /** The axis along a row of the image, and that of the result's channels. */
  readonly x: IterVar;
  readonly filter: IterVar;
  /** Other spatial axes: batch, rows. */
  readonly others: readonly IterVar[];
  /** The reduced axis of channels; undefined where each channel is by itself. */
  readonly channel: IterVar | undefined;
  /** The reduced axes of the window, and any further ones. */
  readonly window: readonly IterVar[];
  /** True if neighbours in memory of the result are neighbours along its channels (NHWC). */
  readonly filterIsLast: boolean;
}

/** An index of an image: the sum of the window's position and a position within it. */
export interface SlidingIndex {
  readonly along: IterVar;
  readonly over: IterVar;
}

/** The sliding indices of a load, in order; none where no window slides over it. */
export function slidingIndicesOf(node: Node, load: Load): readonly SlidingIndex[] {
  const of = (type: IterVar["type"], e: Expr) =>
    node.block.iters.find((it) => it.type === type && mentions([e], it.var));
  return load.indices.filter((e) => !iterOf(node, e)).flatMap((e) => {
    const along = of("spatial", e), over = of("reduce", e);
    return along && over ? [{ along, over }] : [];
  });
}

/** The axes of a sliding reduction, `filter` being its axis of channels. */
export function slidingWindowOf(
  main: Node,
  image: Load,
  weights: Load | undefined,
  slides: readonly SlidingIndex[],
  filter: IterVar,
): SlidingWindow {
  const reduce = main.block.iters.filter((it) => it.type === "reduce");
  const x = slides.at(-1)?.along as IterVar;
  const window = reduce.filter((it) => slides.some((s) => s.over === it));
  const plain = reduce.filter((it) => !window.includes(it));
  return {
    main,
    image,
    weights,
    x,
    filter,
    others: spatialAxes(main.block).filter((it) => it !== x && it !== filter),
    channel: plain.at(-1),
    window: [...plain.slice(0, -1), ...window],
    filterIsLast: iterOf(main, main.store.indices.at(-1)) === filter,
  };
}

/** Products that a thread unrolls, at most. */
const MOST_PRODUCTS = 2048;

/** The largest multiple of four up to `most` that divides a row; undefined where there is none. */
function mostFours(row: number, most: number): number | undefined {
  for (let n = most - most % 4; n > 0; n -= 4) if (row % n === 0) return n;
  return undefined;
}

/** The template of a sliding reduction. */
export function slidingWindowTemplate(m: SlidingWindow, target: Target): Template {
  const presets = presetsOf(target);
  const [nchw, nhwc] = m.channel
    ? [presets.convNchw, presets.convNhwc]
    : [presets.depthwiseNchw, presets.depthwiseNhwc];
  const columns = constExtent(m.window.at(-1)?.extent as Expr) ?? 1;
  const row = m.filterIsLast ? nhwc : nchw, length = constExtent(m.x.extent) ?? 1;
  const fours = row.inLanes ? mostFours(length, row.x) : undefined;
  const preset = fours !== undefined && columns > 1 ? { ...row, ...row.inLanes } : row;
  return (sch, knobs) => {
    const main = m.main.block.name;
    const [, ii] = knobs.split("tile_x", length, {
      parts: 2,
      preset: [fours ?? preset.x],
      max: 16,
    });
    const [, tj, jj] = knobs.split("tile_filter", constExtent(m.filter.extent) ?? 1, {
      parts: 3,
      preset: preset.filters,
      max: [32, 32],
    });
    const [, cc] = knobs.split("tile_channel", m.channel ? constExtent(m.channel.extent) ?? 1 : 1, {
      parts: 2,
      preset: [preset.channels],
      max: 16,
    });
    const strips = knobs.choice("strips", [1, 2, 4, 8, 16, 32], preset.strips);
    const products = (ii: number, jj: number, cc: number, rows: boolean) =>
      ii * jj * cc * (rows ? columns : 1);
    const most = Math.min(MOST_PRODUCTS, presetsOf(target).products);
    const rows = knobs.flag("reuse_rows", preset.reuseRows && products(ii, jj, cc, true) <= most);
    const image = m.image.buffer.name, weights = m.weights?.buffer.name;
    const pathOf = (knob: string, buffer: string) =>
      choosePath(sch, knobs, knob, sch.sources(main, buffer), target, DIRECT_PATHS, preset.path);
    pathOf("image", image);
    if (weights !== undefined) pathOf("weights", weights);
    const vectors = knobs.flag("vectorize", true);
    const stepInnermost = knobs.flag("channel_innermost", preset.stepInnermost ?? false);
    knobs.require(
      ["strips", "tile_filter"],
      (strips: number, [, tj]: Factors[3]) => tooMany(target, strips, tj),
    );
    const tiles = ["tile_x", "tile_filter"] as const;
    knobs.require(
      tiles,
      ([, ii]: Factors[2], [, , jj]: Factors[3]) =>
        tooLarge(ii * jj, 256, `${ii} x ${jj} results per thread`, "do not stay in registers"),
    );
    knobs.require(
      [...tiles, "tile_channel", "reuse_rows"],
      ([, ii]: Factors[2], [, , jj]: Factors[3], [, cc]: Factors[2], rows: boolean) => {
        const unrolled = products(ii, jj, cc, rows);
        return tooLarge(unrolled, most, `${unrolled} products unrolled`, "take too long to compile");
      },
    );
    inlinePrologues(sch, main);
    const back = accumulateLocally(sch, main);

    const loops = sch.loops(main);
    const loop = (it: IterVar) => loops[m.main.block.iters.indexOf(it)] as string;
    const [x0, x1] = sch.split(loop(m.x), [null, ii]) as [string, string];
    const [f0, f1, f2] = sch.split(loop(m.filter), [null, tj, jj]) as [string, string, string];
    const channel = m.channel ? sch.split(loop(m.channel), [null, cc]) : [];
    const [c0, c1] = channel;
    const window = m.window.map(loop), others = m.others.map(loop);
    const tile = m.filterIsLast ? [x1, f2] as const : [f2, x1] as const;
    const { order, lanes, column } = orderTile(sch, tile, c1, { vectors, stepInnermost });
    const outer = [...(c0 === undefined ? [] : [c0]), ...window];
    sch.reorder(...others, x0, f0, f1, ...outer, ...order, ...lanes);
    const strip = sch.fuse(...others, x0);
    const [s0, s1] = sch.split(strip, [null, strips]) as [string, string];
    sch.reorder(s0, f0, s1, f1);
    sch.bind(s0, "blockIdx.x");
    sch.bind(f0, "blockIdx.y");
    // Neighbouring threads write neighbouring elements.
    sch.bind(s1, m.filterIsLast && tj > 1 ? "threadIdx.y" : "threadIdx.x");
    sch.bind(f1, m.filterIsLast && tj > 1 ? "threadIdx.x" : "threadIdx.y");
    placeEpilogue(sch, back, f1, vectors);
    // With reuse, a row of the image is copied into registers once for all columns of the window.
    const last = outer.at(-1) as string, around = outer.at(-2);
    const reuse = rows && around !== undefined;
    const [ofImage, ofWeights] = m.filterIsLast ? [last, column ?? last] : [column ?? last, last];
    cacheInRegisters(sch, main, image, reuse ? around : ofImage, { vectors });
    if (weights !== undefined) cacheInRegisters(sch, main, weights, ofWeights, { vectors });
    const init = sch.decomposeReduction(main, outer[0] as string);
    unrollCopy(sch, sch.loops(init).slice(sch.loops(init).indexOf(f1) + 1), vectors);
    if (reuse) sch.unroll(last);
    for (const l of order) sch.unroll(l);
    for (const l of lanes) sch.vectorize(l);
  };
}
