/** Spreads a block that takes each element by itself over threads. */
import type { Schedule } from "../../schedule/schedule.ts";
import { unrollCopy } from "./cooperative_copy.ts";

/** Gives each thread some neighbouring elements of a block, as vectors if asked. */
export function spreadElements(
  sch: Schedule,
  block: string,
  { threads, results, vectors }: {
    readonly threads: number;
    readonly results: number;
    readonly vectors: boolean;
  },
): void {
  const loops = sch.loops(block);
  const all = loops.length > 1 ? sch.fuse(...loops) : loops[0] as string;
  const [grid, thread, element] = sch.split(all, [null, threads, results]) as [string, string, string];
  sch.bind(grid, "blockIdx.x");
  sch.bind(thread, "threadIdx.x");
  unrollCopy(sch, [element], vectors);
}
