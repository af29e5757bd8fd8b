import type { Schedule } from "../../schedule/schedule.ts";
import { constExtent } from "../analysis.ts";
import { OPERAND_COPY_COST } from "./operand_paths.ts";
import { inlineEpilogue } from "./inlining.ts";

/**
 * A preset's tile for an axis of which its last one would have little: fewer results a thread, down to a vector, where
 * what is not computed for nobody makes up for bringing operands near more often. Threads stay: one that idles costs
 * as much as one that works.
 */
export function fitTile(
  [threads, results]: readonly [number, number],
  extent: number | undefined,
): readonly [threads: number, results: number] {
  if (extent === undefined) return [threads, results];
  const costOf = (each: number) =>
    Math.ceil(extent / (threads * each)) * threads * (each + OPERAND_COPY_COST);
  let best = results;
  for (let each = results / 2; each >= 4; each /= 2) if (costOf(each) <= costOf(best)) best = each;
  return [threads, best];
}

/** The loops of a tile of results with the steps of its reduction that are taken at a time, outermost first. */
export interface TileLoops {
  /** To be unrolled. */
  readonly order: readonly string[];
  /** Inside of them, to be vectorized; none where the columns are no vectors. */
  readonly lanes: readonly string[];
  /** Under which what depends on the tile's columns is brought near; undefined: around the whole tile. */
  readonly column: string | undefined;
}

/**
 * Orders the loops of a tile: one `step` after the other for the whole tile, or all steps for one vector of
 * results after the other, column by column. The former needs a step's operands only; the latter touches each
 * result once, which is cheaper where results do not stay in registers.
 */
export function orderTile(
  sch: Schedule,
  [row, column]: readonly [string, string],
  step: string | undefined,
  options: { readonly vectors: boolean; readonly stepInnermost: boolean },
): TileLoops {
  const extent = constExtent(sch.loop(column).extent) ?? 1;
  const [around = column, ...lanes] = options.vectors && extent % 4 === 0
    ? sch.split(column, [null, 4])
    : [column];
  const steps = step === undefined ? [] : [step];
  return {
    order: options.stepInnermost ? [around, row, ...steps] : [...steps, row, around],
    lanes,
    column: options.stepInnermost ? around : undefined,
  };
}

/**
 * Makes `block` accumulate in registers and returns the block that writes the result to memory: the
 * program's own epilogue if it has one, else a copy.
 */
export function accumulateLocally(sch: Schedule, block: string): string {
  const epilogue = inlineEpilogue(sch, block);
  if (epilogue === undefined) return sch.cacheWrite(block, "local");
  sch.setScope(block, "local");
  return epilogue;
}
