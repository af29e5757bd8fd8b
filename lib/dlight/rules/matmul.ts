/**
 * Matmul: one sum of products whose three kinds of axes are i (of A and C), j (of B and C) and k (of A and
 * B), and any batch axis of all three. Tiles for workgroups, threads and registers; operands through
 * workgroup memory, from buffers or from textures; where results are few, workgroups that share a reduction
 * (split-K), or the steps of all tiles (stream-K), and whose parts a second kernel adds up.
 */
import type { Load } from "../../ir/expr.ts";
import type { PrimFunc } from "../../ir/func.ts";
import { outputsOf } from "../../ir/parameters.ts";
import type { IterVar } from "../../ir/stmt.ts";
import type { Schedule } from "../../schedule/schedule.ts";
import type { Factors, Knobs } from "../../space/knobs.ts";
import type { Template } from "../../space/template.ts";
import type { Target } from "../../target/target.ts";
import {
  constExtent,
  isEpilogue,
  isPrologue,
  iterOf,
  mentions,
  type Node,
  nodesOf,
  productTerms,
} from "../analysis.ts";
import { type MatmulPreset, type Path, PATHS, PRESETS } from "../presets.ts";
import type { Rule, RuleMatch } from "../rule.ts";
import { chooseWorkers, splitReduction, streamReduction, sumPartials } from "../steps/split_reduction.ts";
import { accumulateLocally, fitTile, orderTile } from "../steps/tiling.ts";
import { cacheInRegisters, choosePath, producerOf, tooLarge, tooMany } from "../steps/operand_paths.ts";
import { cooperativeCopy, unrollCopy } from "../steps/cooperative_copy.ts";
import { inlinePrologues } from "../steps/inlining.ts";
import { transformWeightLayout, WEIGHT_LAYOUTS, type WeightLayout } from "../steps/weight_layout.ts";

interface Match {
  readonly main: Node;
  readonly a: Load;
  readonly b: Load;
  readonly i: IterVar;
  readonly j: IterVar;
  readonly k: IterVar;
  readonly batch: IterVar | undefined;
  /** True if neighbours in memory of B are neighbours along j. */
  readonly jIsLast: boolean;
  /** True if neighbours in memory of A are neighbours along k. */
  readonly kIsLast: boolean;
}

export const matmulRule: Rule = {
  name: "Matmul",
  match(func, target) {
    const found = matchMatmul(func);
    return typeof found === "string" ? { because: found } : {
      template: matmulTemplate(found, target, PRESETS[target.profile].matmul),
      because:
        `block ${found.main.block.name} sums products over ${found.k.var.name}; ${found.i.var.name} is an axis ` +
        `of ${found.a.buffer.name} only, ${found.j.var.name} of ${found.b.buffer.name} only`,
    } satisfies RuleMatch;
  },
};

/** The axes of a matrix product, or why `func` is none. */
export function matchMatmul(func: PrimFunc): Match | string {
  const nodes = nodesOf(func);
  if (!nodes) return "it is scheduled already, or a block is more than one store";
  const reductions = nodes.filter((n) => n.kind === "reduction");
  const [main] = reductions;
  if (!main || reductions.length !== 1) return `it has ${reductions.length} reductions and not one`;
  const terms = productTerms(main);
  const [x, y] = terms ?? [];
  if (x?.kind !== "load" || y?.kind !== "load") {
    return `block ${main.block.name} is not a sum of products of two tensors`;
  }
  if (x.buffer === y.buffer) return `both operands are ${x.buffer.name}, and each needs a path of its own`;
  const plain = [...x.indices, ...y.indices, ...main.store.indices].every((e) => iterOf(main, e));
  if (!plain) return `block ${main.block.name} indexes its tensors by more than plain axes`;
  const axes = classify(main, x, y);
  if (typeof axes === "string") return axes;
  const stray = nodes.find((n) => n !== main && !isPrologue(n, main, nodes) && !isEpilogue(n, main, nodes));
  if (stray) {
    return `block ${stray.block.name} is neither a producer nor an elementwise consumer of the product`;
  }
  return axes;
}

function classify(main: Node, x: Load, y: Load): Match | string {
  const reduce = main.block.iters.filter((it) => it.type === "reduce");
  const spatial = main.block.iters.filter((it) => it.type === "spatial");
  const [k] = reduce;
  if (!k || reduce.length !== 1) return `it reduces over ${reduce.length} axes and not one`;
  const inBoth = (it: IterVar) => mentions(x.indices, it.var) && mentions(y.indices, it.var);
  const only = (p: Load, q: Load) =>
    spatial.filter((it) => mentions(p.indices, it.var) && !mentions(q.indices, it.var));
  const batches = spatial.filter(inBoth);
  // The operand whose own axis comes first in the result is A.
  const xFirst =
    spatial.findIndex((it) => only(x, y).includes(it)) <= spatial.findIndex((it) => only(y, x).includes(it));
  const [a, b] = xFirst ? [x, y] : [y, x];
  const [i, ...moreI] = only(a, b);
  const [j, ...moreJ] = only(b, a);
  if (!i || !j) {
    return `no axis belongs to ${i ? b.buffer.name : a.buffer.name} alone: it is a matrix-vector product`;
  }
  if (moreI.length > 0 || moreJ.length > 0 || batches.length > 1) return "more than one axis of a kind";
  if (!inBoth(k)) return `axis ${k.var.name} is not of both operands`;
  const one = [i, j].find((it) => constExtent(it.extent) === 1);
  if (one) return `axis ${one.var.name} has extent 1: it is a matrix-vector product`;
  return {
    main,
    a,
    b,
    i,
    j,
    k,
    batch: batches[0],
    jIsLast: b.indices.at(-1) === j.var,
    kIsLast: a.indices.at(-1) === k.var,
  };
}

type Tile = Factors[3];
/** What rows in workgroup memory may be apart beyond multiples of `BANKS` elements, so that they start in different banks. */
const PADS = [0, 1, 4] as const;
const BANKS = 8;

/** Elements from a row of `width` in workgroup memory to the next. */
function strideOf(width: number, pad: number): number {
  return pad === 0 ? width : width + (pad - width % BANKS + BANKS) % BANKS;
}

/** Whether neighbours in memory of B, laid out so, are neighbours along j. */
function jIsLast(m: Match, layout: WeightLayout): boolean {
  return layout === "given" ? m.jIsLast : layout === "packed" || !m.jIsLast;
}

/** What the numbers of a matrix product's tiles must keep to, together. */
function requireOf(knobs: Knobs, target: Target, m: Match): void {
  const k = constExtent(m.k.extent) ?? Infinity;
  const { maxSharedBytes } = target.limits;
  const { products } = PRESETS[target.profile];
  knobs.require(["tile_i", "tile_j"], ([, ti]: Tile, [, tj]: Tile) => tooMany(target, ti, tj));
  knobs.require(
    ["b_layout", "b_path"],
    (layout: WeightLayout, path: Path) =>
      layout !== "given" && path === "texture"
        ? "a texture holds its matrix as it is given: lay it out in another path"
        : undefined,
  );
  knobs.require(
    ["tile_i", "tile_j"],
    ([, , ii]: Tile, [, , jj]: Tile) =>
      tooLarge(ii * jj, 256, `${ii} x ${jj} results a thread`, "do not stay in registers"),
  );
  knobs.require(
    ["tile_i", "tile_j", "tile_k"],
    ([, , ii]: Tile, [, , jj]: Tile, [, kk]: Factors[2]) =>
      tooLarge(ii * jj * kk, products, `${ii} x ${jj} x ${kk} products unrolled`, "take too long to compile"),
  );
  knobs.require(
    ["tile_i", "tile_j", "tile_k", "a_path", "b_path", "b_layout", "pad", "double_buffer"],
    (
      [, ti, ii]: Tile,
      [, tj, jj]: Tile,
      [, kk]: Factors[2],
      aPath: Path,
      bPath: Path,
      layout: WeightLayout,
      pad: number,
      twice: boolean,
    ) => {
      const stored = (across: number, kIsLast: boolean) =>
        kIsLast ? across * strideOf(kk, pad) : kk * strideOf(across, pad);
      const b = layout === "packed"
        ? tj * jj * strideOf(4 * kk, pad) / 4
        : stored(tj * jj, !jIsLast(m, layout));
      const once = (aPath === "shared" ? stored(ti * ii, m.kIsLast) : 0) + (bPath === "shared" ? b : 0);
      const shared = twice ? 2 * once : once;
      return shared * 4 > maxSharedBytes
        ? `${shared} elements of workgroup memory: the device has ${maxSharedBytes} bytes`
        : undefined;
    },
  );
  knobs.require(
    ["a_path", "b_path", "pad", "double_buffer"],
    (aPath: Path, bPath: Path, pad: number, twice: boolean) =>
      aPath !== "shared" && bPath !== "shared" && (pad > 0 || twice)
        ? "nothing lies in workgroup memory that could be padded or kept twice"
        : undefined,
  );
  knobs.require(
    ["b_layout", "b_path", "vectorize", "pad"],
    (layout: WeightLayout, path: Path, vectors: boolean, pad: number) =>
      pad % 4 !== 0 && (vectors || (layout === "packed" && path === "shared"))
        ? `rows of whole vectors are not ${pad} further apart`
        : undefined,
  );
  knobs.require(
    ["tile_k", "split_k"],
    ([, kk]: Factors[2], parts: number) =>
      parts > 1 && parts * Math.max(2, kk) > k
        ? `${parts} parts of a reduction over ${k}, ${kk} at a time: some would have nothing to reduce`
        : undefined,
  );
}

/** Tiles of a matrix product, at a preset's numbers. */
export function matmulTemplate(m: Match, target: Target, preset: MatmulPreset): Template {
  return (sch, knobs) => {
    const [ni, nj, nk] = [m.i, m.j, m.k].map((it) => constExtent(it.extent));
    const [, ti, ii] = knobs.split("tile_i", ni, {
      parts: 3,
      preset: fitTile(preset.i, ni),
      policy: "power2",
      max: [64, 32],
    });
    const [, tj, jj] = knobs.split("tile_j", nj, {
      parts: 3,
      preset: fitTile(preset.j, nj),
      policy: "power2",
      max: [64, 32],
    });
    const [, kk] = knobs.split("tile_k", nk, {
      parts: 2,
      preset: [preset.k],
      policy: "power2",
      max: 32,
    });
    const main = m.main.block.name;
    const pathOf = (knob: string, buffer: string) =>
      choosePath(sch, knobs, knob, sch.sources(main, buffer), target, PATHS, preset.path);
    const aPath = pathOf("a_path", m.a.buffer.name), bPath = pathOf("b_path", m.b.buffer.name);
    const layout = knobs.choice("b_layout", layoutsOf(m, sch), "given");
    const vectors = knobs.flag("vectorize", true);
    const stepInnermost = knobs.flag("k_innermost", preset.stepInnermost ?? false);
    const pad = knobs.choice("pad", PADS, 0);
    const twice = knobs.flag("double_buffer", false);
    const parts = knobs.choice("split_k", nj === undefined || nk === undefined ? [1] : [1, 2, 4, 8, 16], 1);
    const workers = chooseWorkers(knobs, target, m, preset);
    requireOf(knobs, target, m);

    // Tiles that do not divide their axis are padded with zeros, so that no inner statement needs a guard.
    const tile = m.main.block.iters.map((it) =>
      it === m.i ? ti * ii : it === m.j ? tj * jj : it === m.k ? kk * parts : 1
    );
    const uneven = m.main.block.iters.some((it, d) => (constExtent(it.extent) ?? NaN) % (tile[d] ?? 1) !== 0);
    inlinePrologues(sch, main);
    if (uneven) sch.padEinsum(main, tile);
    const [a, given] = operandNames(sch.block(main), m);
    for (const name of [a, given]) {
      const padding = producerOf(sch, main, name);
      const decode = padding && sch.producers(padding)[0];
      if (decode !== undefined) sch.computeInline(decode);
    }
    const b = layout === "given" ? given : layOut(sch, main, given, m, layout);
    const { product, apart, slot, at, steps } = workers > 0
      ? streamReduction(sch, main, m, { tile, step: kk, workers })
      : splitReduction(sch, main, m, parts);
    if (product !== main) sumPartials(sch, main, vectors);
    const back = product === main ? accumulateLocally(sch, main) : sch.cacheWrite(product, "local");

    const [i0, i1, i2] = sch.split(at(m.i), [null, ti, ii]) as [string, string, string];
    const [j0, j1, j2] = sch.split(at(m.j), [null, tj, jj]) as [string, string, string];
    const [k0, k1] = steps.length === 2 ? steps : sch.split(steps[0], [null, kk]) as [string, string];
    const { order, lanes, column } = orderTile(sch, [i2, j2], k1, { vectors, stepInnermost });
    sch.reorder(...apart, i0, j0, i1, j1, ...slot, k0, ...order, ...lanes);
    const z = apart.length > 1 ? sch.fuse(...apart) : apart[0];
    if (z !== undefined) sch.bind(z, "blockIdx.z");
    sch.bind(i0, "blockIdx.y");
    sch.bind(j0, "blockIdx.x");
    sch.bind(i1, "threadIdx.y");
    sch.bind(j1, "threadIdx.x");
    // Where the results of a thread live.
    const tileLoop = slot[0] ?? j1;
    unrollCopy(sch, sch.reverseComputeAt(back, tileLoop), vectors);

    const operands = [[a, aPath, m.kIsLast, k0], [b, bPath, !jIsLast(m, layout), column ?? k0]] as const;
    for (const [name, path, kIsLast, at] of operands) {
      if (path !== "shared") {
        cacheInRegisters(sch, product, name, at, { vectors });
        continue;
      }
      const producer = producerOf(sch, product, name);
      const copy = sch.cacheRead(product, name, "local");
      unrollCopy(sch, sch.computeAt(copy, stepInnermost ? at : k1), vectors && !kIsLast);
      if (producer !== undefined) sch.setScope(producer, "shared");
      const near = producer ?? sch.cacheRead(copy, name, "shared");
      const width = kIsLast ? kk : jj * tj;
      cooperativeCopy(sch, sch.computeAt(near, k0), [ti, tj], vectors && width % 4 === 0 ? 4 : 1);
      const rows = (name === a ? m.a : m.b).indices.length - 2;
      if (pad > 0) sch.storageAlign(near, rows, BANKS, pad);
      if (twice) sch.doubleBuffer(near);
    }
    const init = sch.decomposeReduction(product, k0);
    unrollCopy(sch, sch.loops(init).slice(sch.loops(init).indexOf(tileLoop) + 1), vectors);
    for (const l of order) sch.unroll(l);
    for (const l of lanes) sch.vectorize(l);
  };
}

/** The layouts in which B may be prepared: those of an input that nothing decodes on its way to the product. */
function layoutsOf(m: Match, sch: Schedule): readonly WeightLayout[] {
  const { buffer } = m.b;
  const sources = sch.sources(m.main.block.name, buffer.name);
  const plain = sources.length === 1 && sources[0] === buffer.name && !outputsOf(sch.func).includes(buffer);
  const n = constExtent(m.j.extent);
  return WEIGHT_LAYOUTS.filter((l) =>
    l === "given" || (plain && n !== undefined && (l !== "packed" || n % 4 === 0))
  );
}

/** Prepares B in another layout, for the product or for what pads it. Returns what the product reads now. */
function layOut(
  sch: Schedule,
  main: string,
  given: string,
  m: Match,
  layout: Exclude<WeightLayout, "given">,
): string {
  const padding = producerOf(sch, main, given);
  const [j, k] = [m.j, m.k].map((it) => m.b.indices.indexOf(it.var)) as [number, number];
  const copy = transformWeightLayout(sch, padding ?? main, m.b, { j, k }, layout);
  return padding === undefined ? copy : given;
}

/** The buffers that the product reads now: padding renames them. */
function operandNames(block: { readonly body: Node["block"]["body"] }, m: Match): readonly [string, string] {
  const body = block.body;
  if (body.kind !== "store") return [m.a.buffer.name, m.b.buffer.name];
  const names = new Set<string>();
  const node: Node = { ...m.main, store: body };
  const terms = productTerms(node) ?? [];
  for (const t of terms) if (t.kind === "load") names.add(t.buffer.name);
  const [x, y] = [...names];
  const swapped = y !== undefined && (y === m.a.buffer.name || y === `${m.a.buffer.name}_pad`);
  return swapped ? [y, x as string] : [x as string, y ?? x as string];
}
