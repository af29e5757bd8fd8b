import type { Schedule } from "../../schedule/schedule.ts";
import { constExtent } from "../analysis.ts";
import { OPERAND_COPY_COST } from "./operand_paths.ts";

/**
 * Shrinks a preset's tile if the last tile of the axis would be mostly empty. It takes fewer results per thread, down to a
 * vector, if the saved computation outweighs the additional copies of operands. The number of threads stays: an idle
 * thread costs as much as a busy one.
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

/** The loops of a tile of results and of the reduction steps per iteration, outermost first. */
export interface TileLoops {
  /** Loops to unroll. */
  readonly order: readonly string[];
  /** The innermost loop, to vectorize; undefined if the columns are not vectors. */
  readonly lanes: readonly string[];
  /** The loop under which operands of the tile's columns are copied; undefined: around the whole tile. */
  readonly column: string | undefined;
}

/**
 * Orders the loops of a tile: the whole tile takes one `step` at a time, or each vector of results takes all steps, column
 * by column. The former needs the operands of one step only. The latter accesses each result once, which is cheaper if
 * results do not stay in registers.
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
