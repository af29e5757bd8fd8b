/**
 * BestPosition: positions of the largest or smallest values of rows, and those values, as `te.argmax` and `te.argmin` find
 * them. Threads share a row: each finds the best of its own, and a tree in workgroup memory finds the best of these.
 */
import { bestReducerOf } from "../../ir/best_reducer.ts";
import type { Expr } from "../../ir/expr.ts";
import type { Block } from "../../ir/stmt.ts";
import { usesVar } from "../../ir/visit.ts";
import { inputLoadsOf } from "../../schedule/block_accesses.ts";
import type { Schedule } from "../../schedule/schedule.ts";
import type { Factors, Knobs } from "../../space/knobs.ts";
import type { Target } from "../../target/target.ts";
import { axisTypes, sizeOf, spatialAxes } from "../analysis.ts";
import { DIRECT_PATHS, presetsOf } from "../presets.ts";
import type { Rule } from "../rule.ts";
import { kernelPerBlock } from "../steps/kernel_per_block.ts";
import { choosePath, tiledInputs, tooMany } from "../steps/operand_paths.ts";
import { unrollCopy } from "../steps/cooperative_copy.ts";

export const bestPositionRule: Rule = kernelPerBlock({
  name: "BestPosition",
  isMain: (b) => bestReducerOf(b) !== undefined,
  does: "positions of best values",
  refuse(b) {
    const types = axisTypes(b);
    if (!/^S*R+$/.test(types)) return `block ${b.name} has axes ${types} and not rows, then reduced ones`;
    if (inputLoadsOf(b).some((l) => isAlong(b, l.indices.at(-1)))) return undefined;
    return `neighbours in memory belong to different rows of block ${b.name}`;
  },
  schedule: search,
});

/** Whether an index is one along the last axis that a block reduces over. */
function isAlong(b: Block, index: Expr | undefined): boolean {
  const last = b.iters.at(-1)?.var;
  return index !== undefined && usesVar(index, (v) => v === last);
}

/** A workgroup takes some rows; threads share each. */
function search(sch: Schedule, knobs: Knobs, b: Block, target: Target): void {
  const preset = presetsOf(target).reduction;
  const reduced = b.iters.filter((it) => it.type === "reduce");
  const columns = sizeOf(reduced);
  // Short rows leave threads to other rows.
  const side = Math.floor(preset.threads / (columns || preset.threads));
  const [, rows] = knobs.split("tile_rows", sizeOf(spatialAxes(b)), {
    parts: 2,
    preset: [Math.min(64, Math.max(preset.rows, side))],
    policy: "power2",
    max: 64,
  });
  const [, threads, chunk] = knobs.split("tile_columns", columns, {
    parts: 3,
    preset: [preset.threads, preset.chunk],
    policy: "power2",
    max: [256, 16],
  });
  knobs.require(
    ["tile_rows", "tile_columns"],
    ([, rows]: Factors[2], [, threads]: Factors[3]) => tooMany(target, rows, threads),
  );
  const last = b.iters.at(-1)?.var;
  const inputs = tiledInputs(sch, b.name).filter((l) => last && l.indices.at(-1) === last).map((l) =>
    l.buffer.name
  );
  choosePath(sch, knobs, "input", inputs, target, DIRECT_PATHS, preset.path);
  const vectors = knobs.flag("vectorize", true);
  const loops = sch.loops(b.name), lead = loops.length - reduced.length;
  const own = loops.slice(0, lead), along = loops.slice(lead);
  const row = lead === 0 ? sch.addUnitLoop(b.name) : lead > 1 ? sch.fuse(...own) : own[0] as string;
  const column = along.length > 1 ? sch.fuse(...along) : along[0] as string;
  const [r0, r1] = sch.split(row, [null, rows]) as [string, string];
  const [c0, tx, c] = sch.split(column, [null, threads, chunk]) as [string, string, string];
  sch.reorder(tx, c0, c);
  sch.bind(r0, "blockIdx.x");
  sch.bind(r1, threads > 1 ? "threadIdx.y" : "threadIdx.x");
  if (threads > 1) sch.bind(tx, "threadIdx.x");
  else sch.unroll(tx);
  for (const input of inputs) {
    unrollCopy(sch, sch.computeAt(sch.cacheRead(b.name, input, "local"), c0), vectors);
  }
  sch.unroll(c);
}
