/** The template of a matrix product. */
import { outputsOf } from "../../../ir/parameters.ts";
import type { Schedule } from "../../../schedule/schedule.ts";
import type { Template } from "../../../space/template.ts";
import type { Target } from "../../../target/target.ts";
import { constExtent, type Node, productTerms, sizeOf } from "../../analysis.ts";
import { type MatmulPreset, type Path, PATHS, type WeightLayout } from "../../presets.ts";
import { chooseWorkers, splitReduction, streamReduction, sumPartials } from "../../steps/split_reduction.ts";
import { accumulateLocally, placeEpilogue } from "../../steps/epilogue.ts";
import { fitDevice, MOST_THREADS, SPLITS } from "../../steps/fit_device.ts";
import { orderTile } from "../../steps/tiling.ts";
import { cacheInRegisters, choosePath, producerOf } from "../../steps/operand_paths.ts";
import { unrollCopy } from "../../steps/cooperative_copy.ts";
import { chooseVirtual, splitVirtual } from "../../steps/virtual_threads.ts";
import { inlinePrologues } from "../../steps/inlining.ts";
import { transformWeightLayout, WEIGHT_LAYOUTS } from "../../steps/weight_layout.ts";
import { jIsLast, PADS, requireTiles } from "./constraints.ts";
import type { MatmulMatch } from "./match.ts";
import { shareOperand } from "./share_operand.ts";

/** Rows of the result from which a copy of B in another layout pays, even if it is made at each run. */
const PACKING_ROWS = 32;

/** Tiles of a matrix product, at a preset's numbers. */
export function matmulTemplate(m: MatmulMatch, target: Target, table: MatmulPreset): Template {
  const row = jIsLast(m, "given") ? table : { ...table, ...table.kLast };
  const [ni, nj, nk] = [m.i, m.j, m.k].map((it) => constExtent(it.extent));
  const preset = { ...row, ...fitDevice(row, { i: ni, j: nj, k: nk, batch: sizeOf(m.batch) }, target) };
  return (sch, knobs) => {
    const [, ti, ii] = knobs.split("tile_i", ni, {
      parts: 3,
      preset: preset.i,
      policy: "power2",
      max: [MOST_THREADS, 32],
    });
    const [, tj, jj] = knobs.split("tile_j", nj, {
      parts: 3,
      preset: preset.j,
      policy: "power2",
      max: [MOST_THREADS, 32],
    });
    const [, kk] = knobs.split("tile_k", nk, {
      parts: 2,
      preset: [preset.k],
      policy: "power2",
      max: 32,
    });
    const main = m.main.block.name;
    const pathOf = (knob: string, buffer: string, path: Path) =>
      choosePath(sch, knobs, knob, sch.sources(main, buffer), target, PATHS, path);
    const aPath = pathOf("a_path", m.a.buffer.name, preset.path);
    const bPath = pathOf("b_path", m.b.buffer.name, preset.bPath ?? preset.path);
    // A graph is given its weights once, so that a copy pays for any number of rows; of small types it would be larger.
    const isGivenOnce = sch.func.activations.length > 0 && !m.b.buffer.stored,
      rows = ni ?? (isGivenOnce ? Infinity : 0);
    const layouts = layoutsOf(m, sch), packs = preset.layout && rows >= PACKING_ROWS;
    const liked = layouts.find((l) => packs && l === preset.layout) ?? "given";
    const layout = knobs.choice("b_layout", layouts, liked);
    const vectors = knobs.flag("vectorize", true);
    const stepInnermost = knobs.flag("k_innermost", preset.stepInnermost ?? false);
    const pad = knobs.choice("pad", PADS, preset.pad ?? 0);
    const twice = knobs.flag("double_buffer", false);
    const kMajor = knobs.flag("k_major", preset.kMajor === true && transposesSome(m, preset));
    const parts = knobs.choice("split_k", nj === undefined || nk === undefined ? [1] : SPLITS, preset.parts);
    const workers = chooseWorkers(knobs, target, m, preset);
    const [vi, vj] = chooseVirtual(knobs, [preset.i, preset.j], preset.virtual);
    requireTiles(knobs, target, m);

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
    const back = product === main
      ? accumulateLocally(sch, main)
      : { writes: [sch.cacheWrite(product, "local")], beside: [] };

    const [i0, iv, i1, i2] = splitVirtual(sch, at(m.i), vi, [ti, ii]);
    const [j0, jv, j1, j2] = splitVirtual(sch, at(m.j), vj, [tj, jj]);
    const [k0, k1] = steps.length === 2 ? steps : sch.split(steps[0], [null, kk]) as [string, string];
    const { order, lanes, column } = orderTile(sch, [i2, j2], k1, { vectors, stepInnermost });
    sch.reorder(...apart, i0, j0, ...iv, ...jv, i1, j1, ...slot, k0, ...order, ...lanes);
    const z = apart.length > 1 ? sch.fuse(...apart) : apart[0];
    if (z !== undefined) sch.bind(z, "blockIdx.z");
    // Workgroups of one column of tiles follow one another on a CPU: they read the same part of B.
    sch.bind(i0, preset.rowsFirst ? "blockIdx.x" : "blockIdx.y");
    sch.bind(j0, preset.rowsFirst ? "blockIdx.y" : "blockIdx.x");
    sch.bind(i1, "threadIdx.y");
    sch.bind(j1, "threadIdx.x");
    for (const v of [...iv, ...jv]) sch.bind(v, "vthread");
    // The buffer of a thread's results.
    const tileLoop = slot[0] ?? j1;
    placeEpilogue(sch, back, tileLoop, vectors);

    const operands = [[a, aPath, m.kIsLast, k0], [b, bPath, !jIsLast(m, layout), column ?? k0]] as const;
    for (const [name, path, kIsLast, at] of operands) {
      if (path !== "shared") {
        cacheInRegisters(sch, product, name, at, { vectors });
        continue;
      }
      const isA = name === a;
      shareOperand(sch, product, name, { tiles: k0, steps: stepInnermost ? at : k1 }, {
        kIsLast,
        dims: dimensionsOf(m, isA, layout),
        tile: [isA ? ti * ii : tj * jj, kk],
        threads: [ti, tj],
        vectors,
        kMajor,
        pad,
        twice,
      });
    }
    const init = sch.decomposeReduction(product, k0);
    unrollCopy(sch, sch.loops(init).slice(sch.loops(init).indexOf(tileLoop) + 1), vectors);
    for (const l of order) sch.unroll(l);
    for (const l of lanes) sch.vectorize(l);
  };
}

/** Whether an operand that goes through workgroup memory has neighbours along k. */
function transposesSome(m: MatmulMatch, { path, bPath = path }: MatmulPreset): boolean {
  return (path === "shared" && m.kIsLast) || (bPath === "shared" && !jIsLast(m, "given"));
}

/** The dimensions of an operand's own axis and of k. */
function dimensionsOf(m: MatmulMatch, isA: boolean, layout: WeightLayout): readonly [own: number, k: number] {
  const [{ indices }, axis] = isA ? [m.a, m.i] : [m.b, m.j];
  const given = [axis, m.k].map((it) => indices.indexOf(it.var)) as [number, number];
  return isA || layout === "given" ? given : [indices.length - 2, indices.length - 1];
}

/** The layouts in which B may be prepared: those of a weight that nothing decodes on its way to the product. */
function layoutsOf(m: MatmulMatch, sch: Schedule): readonly WeightLayout[] {
  const { buffer } = m.b;
  const sources = sch.sources(m.main.block.name, buffer.name);
  const plain = sources.length === 1 && sources[0] === buffer.name && !outputsOf(sch.func).includes(buffer) &&
    !sch.func.activations.includes(buffer.name);
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
  m: MatmulMatch,
  layout: Exclude<WeightLayout, "given">,
): string {
  const padding = producerOf(sch, main, given);
  const [j, k] = [m.j, m.k].map((it) => m.b.indices.indexOf(it.var)) as [number, number];
  const copy = transformWeightLayout(sch, padding ?? main, m.b, { j, k }, layout);
  return padding === undefined ? copy : given;
}

/** The buffers that the product reads now: padding renames them. */
function operandNames(
  block: { readonly body: Node["block"]["body"] },
  m: MatmulMatch,
): readonly [string, string] {
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
