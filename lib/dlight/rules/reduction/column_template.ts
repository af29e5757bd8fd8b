/**
 * The template of Reduction if neighbours in memory belong to different rows, as in sums over columns. Neighbouring
 * threads take neighbouring rows, and each thread takes some whole rows.
 */
import type { Expr } from "../../../ir/expr.ts";
import type { Factors } from "../../../space/knobs.ts";
import type { Template } from "../../../space/template.ts";
import type { Target } from "../../../target/target.ts";
import { constExtent, type Node } from "../../analysis.ts";
import { DIRECT_PATHS, presetsOf } from "../../presets.ts";
import type { RowReduction } from "./row_template.ts";
import { choosePath, tiledInputs, tooMany } from "../../steps/operand_paths.ts";
import { inlineEpilogue } from "../../steps/inlining.ts";
import { unrollCopy } from "../../steps/cooperative_copy.ts";

export function columnTemplate(m: RowReduction, target: Target): Template {
  const preset = presetsOf(target).outerReduction;
  const main = m.kept.find((n) => n.kind === "reduction") as Node;
  const input = main.loads[0]?.buffer.name as string;
  return (sch, knobs) => {
    for (const n of m.inlined) sch.computeInline(n.block.name);
    const name = main.block.name;
    const [, tx, results] = knobs.split(
      "tile_rows",
      constExtent(main.block.iters[m.rows - 1]?.extent as Expr),
      {
        parts: 3,
        preset: preset.rows,
        policy: "power2",
        max: [256, 16],
      },
    );
    const [, ty, chunk] = knobs.split("tile_columns", m.columns, {
      parts: 3,
      preset: [preset.threads, preset.chunk],
      policy: "power2",
      max: [64, 16],
    });
    const inputs = tiledInputs(sch, name).some((l) => l.buffer.name === input) ? [input] : [];
    choosePath(sch, knobs, "input", inputs, target, DIRECT_PATHS, preset.path);
    const vectors = knobs.flag("vectorize", true);
    const tiles = ["tile_rows", "tile_columns"] as const;
    knobs.require(tiles, ([, tx]: Factors[3], [, ty]: Factors[3]) => tooMany(target, tx, ty));
    knobs.require(
      tiles,
      ([, , results]: Factors[3], [, ty]: Factors[3]) =>
        ty > 1 && results > 1
          ? `${ty} threads to a row and ${results} rows per thread: one of them must be 1`
          : undefined,
    );
    const back = inlineEpilogue(sch, name) ?? (main.result ? sch.cacheWrite(name, "local") : undefined);
    if (back !== undefined && !main.result) sch.setScope(name, "local");
    const loops = sch.loops(name);
    const row = loops[m.rows - 1] as string, column = loops.at(-1) as string;
    const [r0, r1, r2] = sch.split(row, [null, tx, results]) as [string, string, string];
    const [c0, c1, c2] = sch.split(column, [null, ty, chunk]) as [string, string, string];
    const lead = loops.slice(0, m.rows - 1), between = loops.slice(m.rows, -1);
    if (ty > 1) sch.reorder(...lead, r0, r1, r2, c1, ...between, c0, c2);
    else sch.reorder(...lead, r0, r1, c1, ...between, c0, c2, r2);
    const grid = lead.length > 0 ? sch.fuse(...lead, r0) : r0;
    sch.bind(grid, "blockIdx.x");
    sch.bind(r1, "threadIdx.x");
    if (ty > 1) sch.bind(c1, "threadIdx.y");
    if (back !== undefined) unrollCopy(sch, sch.reverseComputeAt(back, r1), vectors);
    if (inputs.length > 0) {
      unrollCopy(sch, sch.computeAt(sch.cacheRead(name, input, "local"), c0), vectors);
    }
    sch.unroll(c2);
    if (ty > 1) {
      sch.unroll(r2);
      return;
    }
    const init = sch.decomposeReduction(name, c1);
    unrollCopy(sch, sch.loops(init).slice(sch.loops(init).indexOf(r1) + 1), vectors);
    sch.unroll(c1);
    unrollCopy(sch, [r2], vectors);
  };
}
