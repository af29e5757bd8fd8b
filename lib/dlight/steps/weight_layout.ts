import type { Load } from "../../ir/expr.ts";
import { PREPARE } from "../../ir/annotations.ts";
import type { WeightLayout } from "../presets.ts";
import type { Schedule } from "../../schedule/schedule.ts";

export const WEIGHT_LAYOUTS: readonly WeightLayout[] = ["given", "transposed", "packed"];

/**
 * Makes `block` read a matrix, an input, in another layout. The copy is made once, when arguments are bound, by a
 * kernel of its own. `j` and `k` are the dimensions of the matrix that are the product's. Returns its name.
 */
export function transformWeightLayout(
  sch: Schedule,
  block: string,
  matrix: Load,
  { j, k }: { readonly j: number; readonly k: number },
  layout: Exclude<WeightLayout, "given">,
): string {
  const copy = sch.cacheRead(block, matrix.buffer.name, "global");
  const dims = matrix.indices.map((_, d) => d), others = dims.filter((d) => d !== j && d !== k);
  const swapped = [...others, ...(j < k ? [k, j] : [j, k])];
  // Dimensions and pieces are numbered alike, but that the last piece is the four of j.
  const piece = (d: number) => d + (d > j ? 1 : 0);
  sch.transformLayout(
    copy,
    layout === "transposed"
      ? { split: dims.map(() => []), order: swapped }
      : { split: dims.map((d) => d === j ? [4] : []), order: [...others.map(piece), j, piece(k), j + 1] },
  );
  sch.annotate(copy, PREPARE, true);
  const all = sch.loops(copy);
  const [grid, thread] = sch.split(all.length > 1 ? sch.fuse(...all) : all[0] as string, [null, 64]) as [
    string,
    string,
  ];
  sch.bind(grid, "blockIdx.x");
  sch.bind(thread, "threadIdx.x");
  return copy;
}
