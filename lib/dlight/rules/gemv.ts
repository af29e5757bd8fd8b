/**
 * GEMV: one sum of products in which one tensor has an axis of its own and the other has only the reduced
 * one. Threads share a reduction (through workgroup memory) or take several results each (in registers).
 */
import type { Load } from "../../ir/expr.ts";
import type { PrimFunc } from "../../ir/func.ts";
import { SUBGROUPS } from "../../ir/annotations.ts";
import type { IterVar } from "../../ir/stmt.ts";
import type { Step } from "../../schedule/step.ts";
import type { Factors } from "../../space/knobs.ts";
import type { Template } from "../../space/template.ts";
import type { Target } from "../../target/target.ts";
import { constExtent, iterOf, mentions, type Node, productTerms, spatialAxes } from "../analysis.ts";
import { after } from "../normal_form.ts";
import { anchorOf } from "../steps/anchor.ts";
import { accumulateLocally, hasEpilogue, placeEpilogue } from "../steps/epilogue.ts";
import { DIRECT_PATHS, presetsOf } from "../presets.ts";
import { checkedRule, type Rule } from "../rule.ts";
import { fitTile } from "../steps/tiling.ts";
import { cacheInRegisters, choosePath, tooLarge, tooMany } from "../steps/operand_paths.ts";
import { chooseSubgroups } from "../steps/subgroups.ts";
import { inlinePrologues } from "../steps/inlining.ts";
import { unrollCopy } from "../steps/cooperative_copy.ts";

interface Match {
  readonly main: Node;
  readonly matrix: Load;
  readonly vector: Load;
  readonly row: IterVar;
  readonly k: IterVar;
  /** Axes of extent 1, and the batch axes that both operands have. */
  readonly others: readonly IterVar[];
  /** True if neighbours in memory of the matrix are neighbours along the result. */
  readonly outer: boolean;
  /** True if the matrix is decoded on its way. */
  readonly packed: boolean;
  /** The steps that make the program that was matched of the one that was given. */
  readonly steps: readonly Step[];
}

export const gemvRule: Rule = checkedRule({
  name: "GEMV",
  find: match,
  take(found, target) {
    const way = found.outer ? "the result" : "the reduction";
    return {
      template: after(found.steps, template(found, target)),
      because:
        `block ${found.main.block.name} sums products over ${found.k.var.name}; only ${found.matrix.buffer.name} ` +
        `has axis ${found.row.var.name}, and its rows lie along ${way}`,
    };
  },
});

function match(func: PrimFunc): Match | string {
  const anchored = anchorOf(func);
  if (typeof anchored === "string") return anchored;
  const { main, steps } = anchored;
  const [x, y] = productTerms(main) ?? [];
  if (x?.kind !== "load" || y?.kind !== "load") {
    return `block ${main.block.name} is not a sum of products of two tensors`;
  }
  if (x.buffer === y.buffer) return `both operands are ${x.buffer.name}, and each needs a path of its own`;
  const reduce = main.block.iters.filter((it) => it.type === "reduce");
  const [k] = reduce;
  if (!k || reduce.length !== 1) return `it reduces over ${reduce.length} axes and not one`;
  const wide = spatialAxes(main.block).filter((it) => constExtent(it.extent) !== 1);
  const own = (p: Load, q: Load) =>
    wide.filter((it) => mentions(p.indices, it.var) && !mentions(q.indices, it.var));
  const [matrix, vector] = own(x, y).length > 0 ? [x, y] : [y, x];
  const rows = own(matrix, vector);
  const [row] = rows;
  if (!row) return "no axis belongs to one operand alone";
  if (own(vector, matrix).length > 0) {
    return "both operands have an axis of their own: it is a matrix product";
  }
  if (rows.length > 1) return `${matrix.buffer.name} has more than one axis of its own`;
  const last = iterOf(main, matrix.indices.at(-1));
  if (last !== row && last !== k) {
    return `the last axis of ${matrix.buffer.name} is neither the result's nor the reduction's`;
  }
  return {
    main,
    matrix,
    vector,
    row,
    k,
    others: main.block.iters.filter((it) => it !== row && it !== k),
    outer: last === row,
    packed: !func.params.includes(matrix.buffer),
    steps,
  };
}

function template(m: Match, target: Target): Template {
  const presets = presetsOf(target);
  const preset = m.outer ? presets.outerGemv : m.packed ? presets.packedGemv : presets.gemv;
  return (sch, knobs) => {
    const main = m.main.block.name;
    const rows = constExtent(m.row.extent);
    const [, threads, results] = knobs.split("tile_rows", rows, {
      parts: 3,
      preset: fitTile(preset.rows, rows),
      policy: "power2",
      max: [256, 32],
    });
    const [, lanes, chunk] = knobs.split("tile_k", constExtent(m.k.extent), {
      parts: 3,
      preset: [preset.reduceThreads, preset.chunk],
      policy: "power2",
      max: [256, 32],
    });
    const matrix = m.matrix.buffer.name, vector = m.vector.buffer.name;
    choosePath(sch, knobs, "matrix", sch.sources(main, matrix), target, DIRECT_PATHS, preset.path);
    choosePath(sch, knobs, "vector", sch.sources(main, vector), target, DIRECT_PATHS, preset.path);
    const vectors = knobs.flag("vectorize", true);
    const subgroups = chooseSubgroups(knobs, target, {
      threads: constExtent(m.k.extent) === 1 ? 1 : preset.reduceThreads,
      tile: "tile_k",
    });
    const tiles = ["tile_rows", "tile_k"] as const;
    knobs.require(
      tiles,
      ([, threads]: Factors[3], [, lanes]: Factors[3]) => tooMany(target, threads, lanes),
    );
    knobs.require(
      tiles,
      ([, , results]: Factors[3], [, , chunk]: Factors[3]) =>
        tooLarge(results * chunk, 512, `${results} x ${chunk} products unrolled`, "do not pay"),
    );
    // Sums that threads share are each a tree of its own, which takes the driver's compiler longest.
    const shared = presets.products / 32;
    knobs.require(
      tiles,
      ([, , results]: Factors[3], [, lanes, chunk]: Factors[3]) =>
        lanes > 1
          ? tooLarge(
            results * chunk,
            shared,
            `${results} x ${chunk} shared products unrolled`,
            "take too long to compile",
          )
          : undefined,
    );
    inlinePrologues(sch, main);

    const loops = sch.loops(main);
    const loop = (it: IterVar) => loops[m.main.block.iters.indexOf(it)] as string;
    // Several threads to a reduction leave their sums in workgroup memory; one alone sums in registers.
    const back = lanes === 1 || hasEpilogue(sch, main) ? accumulateLocally(sch, main) : undefined;
    const [r0, r1, r2] = sch.split(loop(m.row), [null, threads, results]) as [string, string, string];
    const [k0, k1, k2] = sch.split(loop(m.k), [null, lanes, chunk]) as [string, string, string];
    const batch = m.others.map(loop);
    if (lanes > 1) sch.reorder(...batch, r0, r1, r2, k1, k0, k2);
    else sch.reorder(...batch, r0, r1, k0, k1, k2, r2);
    const grid = batch.length > 0 ? sch.fuse(...batch, r0) : r0;
    sch.bind(grid, "blockIdx.x");
    sch.bind(r1, lanes > 1 ? "threadIdx.y" : "threadIdx.x");
    if (lanes > 1) sch.bind(k1, "threadIdx.x");
    if (back) placeEpilogue(sch, back, r1, vectors);

    cacheInRegisters(sch, main, matrix, k0, { vectors });
    cacheInRegisters(sch, main, vector, k0, { vectors });
    if (lanes > 1) {
      if (subgroups) sch.annotate(main, SUBGROUPS, true);
      sch.unroll(r2);
      sch.unroll(k2);
      return;
    }
    const init = sch.decomposeReduction(main, k0);
    unrollCopy(sch, sch.loops(init).slice(sch.loops(init).indexOf(r1) + 1), vectors);
    sch.unroll(k1);
    sch.unroll(k2);
    unrollCopy(sch, [r2], vectors && m.outer);
  };
}
