import type { Schedule } from "../../schedule/schedule.ts";
import { constExtent } from "../analysis.ts";

/** Unrolls the loops of a copy; the last one becomes vectors of four where `vectors` and its extent allow. */
export function unrollCopy(sch: Schedule, loops: readonly string[], vectors: boolean): void {
  const last = loops.at(-1);
  for (const l of loops.slice(0, -1)) sch.unroll(l);
  if (last === undefined) return;
  const extent = constExtent(sch.loop(last).extent) ?? 1;
  if (!vectors || extent % 4 !== 0) sch.unroll(last);
  else if (extent === 4) sch.vectorize(last);
  else {
    const [outer, inner] = sch.split(last, [null, 4]);
    if (outer !== undefined) sch.unroll(outer);
    if (inner !== undefined) sch.vectorize(inner);
  }
}

/** Spreads the loops of a copy over the threads of a workgroup, `lanes` neighbouring elements each time. */
export function cooperativeCopy(
  sch: Schedule,
  loops: readonly string[],
  [ty, tx]: readonly [number, number],
  lanes: number,
): void {
  if (loops.length === 0) return;
  const all = loops.length > 1 ? sch.fuse(...loops) : loops[0] as string;
  const [turn, y, x, v] = sch.split(all, [null, ty, tx, lanes]) as [string, string, string, string];
  sch.unroll(turn);
  sch.bind(y, "threadIdx.y");
  sch.bind(x, "threadIdx.x");
  if (lanes > 1) sch.vectorize(v);
}
