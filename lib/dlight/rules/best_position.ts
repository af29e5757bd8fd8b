/**
 * BestPosition: positions of the largest or smallest values of rows, and those values, as `te.argmax` and `te.argmin` find
 * them. Threads share a row: each finds the best of its own, and a tree in workgroup memory finds the best of these.
 */
import { bestReducerOf } from "../../ir/best_reducer.ts";
import type { Expr } from "../../ir/expr.ts";
import type { PrimFunc } from "../../ir/func.ts";
import type { Block } from "../../ir/stmt.ts";
import { usesVar } from "../../ir/visit.ts";
import { inputLoadsOf } from "../../schedule/block_accesses.ts";
import type { Schedule } from "../../schedule/schedule.ts";
import type { Factors, Knobs } from "../../space/knobs.ts";
import { prefixedKnobs } from "../../space/prefixed_knobs.ts";
import type { Template } from "../../space/template.ts";
import type { Target } from "../../target/target.ts";
import { axisTypes, nestsOf, SCHEDULED, sizeOf, spatialAxes } from "../analysis.ts";
import { DIRECT_PATHS, presetsOf } from "../presets.ts";
import { checkedRule, type Rule } from "../rule.ts";
import { choosePath, tiledInputs, tooMany } from "../steps/operand_paths.ts";
import { unrollCopy } from "../steps/cooperative_copy.ts";
import { spreadElements } from "../steps/spread_elements.ts";

/** The blocks of a program that searches rows. */
interface Match {
  /** Blocks that are computed where they are read. */
  readonly inlined: readonly Block[];
  /** The others, in order: a kernel each. */
  readonly kept: readonly Block[];
}

export const bestPositionRule: Rule = checkedRule({
  name: "BestPosition",
  find: match,
  take(found, target) {
    const names = found.kept.filter((b) => bestReducerOf(b)).map((b) => b.name).join(", ");
    return {
      template: template(found, target),
      because: `${names}: positions of best values, a row for each`,
    };
  },
});

function match(func: PrimFunc): Match | string {
  const blocks = nestsOf(func)?.map((n) => n.block);
  if (!blocks) return SCHEDULED;
  const searches = blocks.filter((b) => bestReducerOf(b));
  if (searches.length === 0) return "no block finds the position of a best value";
  for (const b of blocks) {
    const isSearch = searches.includes(b), types = axisTypes(b);
    if (!isSearch && (b.body.kind !== "store" || types.includes("R"))) {
      return `block ${b.name} neither finds a best value nor takes each element by itself`;
    }
    if (isSearch && !/^S*R+$/.test(types)) {
      return `block ${b.name} has axes ${types} and not rows, then reduced ones`;
    }
    if (isSearch && !inputLoadsOf(b).some((l) => isAlong(b, l.indices.at(-1)))) {
      return `neighbours in memory belong to different rows of block ${b.name}`;
    }
  }
  const inlined = blocks.filter((b) => {
    if (b.body.kind !== "store" || searches.includes(b)) return false;
    const { buffer } = b.body,
      readers = blocks.filter((x) => x !== b && inputLoadsOf(x).some((l) => l.buffer === buffer));
    return !func.params.includes(buffer) && readers.length > 0;
  });
  const kept = blocks.filter((b) => !inlined.includes(b));
  const scalar = kept.find((b) => b.iters.length === 0);
  return scalar ? `block ${scalar.name} has no axis` : { inlined, kept };
}

/** Whether an index is one along the last axis that a block reduces over. */
function isAlong(b: Block, index: Expr | undefined): boolean {
  const last = b.iters.at(-1)?.var;
  return index !== undefined && usesVar(index, (v) => v === last);
}

function template({ inlined, kept }: Match, target: Target): Template {
  return (sch, knobs) => {
    for (const b of inlined) sch.computeInline(b.name);
    kept.forEach((b, k) => {
      const own = k === 0 ? knobs : prefixedKnobs(knobs, `kernel${k + 1}.`);
      if (bestReducerOf(b)) search(sch, own, b, target);
      else elementwise(sch, own, b, target);
    });
  };
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

function elementwise(sch: Schedule, knobs: Knobs, b: Block, target: Target): void {
  const preset = presetsOf(target).elementwise;
  const threads = knobs.choice("threads", [8, 16, 32, 64, 128, 256], preset.threads);
  knobs.require(["threads"], (threads: number) => tooMany(target, threads));
  spreadElements(sch, b.name, { threads, results: 4, vectors: true });
}
