/** Spreads updates at positions that are data over threads. */
import { ATOMIC, isAtomicType } from "../../ir/annotations.ts";
import type { Schedule } from "../../schedule/schedule.ts";

/** Gives each update to a thread. What can't be atomic is done by one thread. */
export function spreadUpdates(sch: Schedule, name: string, threads: number): void {
  const loops = sch.loops(name), { body } = sch.block(name);
  if (body.kind !== "store" || !isAtomicType(body.buffer.dtype)) {
    sch.bind(sch.addUnitLoop(name), "threadIdx.x");
    return;
  }
  sch.annotate(name, ATOMIC, true);
  const all = loops.length > 1 ? sch.fuse(...loops) : loops[0] as string;
  const [grid, thread] = sch.split(all, [null, threads]) as [string, string];
  sch.bind(grid, "blockIdx.x");
  sch.bind(thread, "threadIdx.x");
}
