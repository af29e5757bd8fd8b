/** Schedules one block of a program by the knobs of the generic space. */
import type { Schedule } from "../../schedule/schedule.ts";
import { resultStoresOf } from "../../schedule/block_accesses.ts";
import { constExtent, isScatter } from "../analysis.ts";
import type { Numbers } from "./knobs.ts";
import { cooperativeCopy, unrollCopy } from "../steps/cooperative_copy.ts";
import { isResult } from "../steps/inlining.ts";
import { spreadUpdates } from "../steps/spread_updates.ts";

/** Other blocks that are moved into a block's loops. */
export interface Guests {
  /** The reduced axis that is tiled, by its place among the reduced ones. */
  readonly k: number;
  /** Inputs that it reads from copies. */
  readonly copies: readonly { readonly buffer: string; readonly scope: "local" | "shared" }[];
  /** Blocks that are computed at its tile, in program order. */
  readonly prologues: readonly { readonly name: string; readonly scope: "local" | "shared" }[];
  /** Elementwise blocks that follow in its loops. */
  readonly followers: readonly string[];
}

/** A block's loops: over workgroups, over threads, and within a thread. */
interface Axis {
  readonly grid: string;
  readonly thread: string;
  readonly results: readonly string[];
}

/** A loop in parts: workgroups, threads, and results per thread if there is more than one. */
function tile(sch: Schedule, loop: string, [threads, results]: readonly [number, number]): Axis {
  const [grid, thread, ...rest] = sch.split(loop, [null, threads, ...(results > 1 ? [results] : [])]);
  return { grid: grid as string, thread: thread as string, results: rest };
}

export function scheduleNest(sch: Schedule, name: string, n: Numbers, guests: Guests): void {
  const block = sch.block(name), { iters } = block;
  if (isScatter(block)) return spreadUpdates(sch, name, n.x[0]);
  const [lanes] = n.k;
  const loops = sch.loops(name);
  const spatial = loops.filter((_, d) => iters[d]?.type === "spatial");
  const reduce = loops.filter((_, d) => iters[d]?.type === "reduce");
  const stays = reduce.length > 0 && guests.followers.length > 0 && sch.consumers(name).length === 1 &&
    !isResult(sch, name);
  // Threads that share a reduction write its result themselves.
  const isOne = sch.block(name).body.kind === "store";
  const results = reduce.length > 0 && !stays && lanes === 1 ? resultStoresOf(sch.block(name)) : [];
  const backs = results.map(() => sch.cacheWrite(name, "local"));
  if (stays) sch.setScope(name, "local");

  if (reduce.length > 0 && spatial.length > 0) sch.reorder(...spatial, ...reduce);
  const tiled = n.tiling === "axes" && spatial.length > 1;
  const second = spatial[Math.max(0, spatial.length - 1 - n.yAxis)] as string;
  const y = tiled ? tile(sch, second, n.y) : undefined;
  const x = tile(
    sch,
    tiled
      ? spatial.at(-1) as string
      : spatial.length === 0
      ? sch.addUnitLoop(name)
      : spatial.length > 1
      ? sch.fuse(...spatial)
      : spatial[0] as string,
    n.x,
  );
  const lead = tiled ? spatial.slice(0, -1).filter((l) => l !== second) : [];
  const grids = [...lead, ...(y ? [y.grid] : []), x.grid];
  const threads = [...(y ? [y.thread] : []), x.thread];
  const rows = y?.results ?? [];
  const [around, ...vector] = columns(sch, x.results[0], n.vectors && lanes === 1);
  const column = around === undefined ? [] : [around];

  const { outer, lane, step } = reduction(sch, reduce, guests, n);
  const at = outer.at(-1);
  const order = lanes > 1
    ? [...rows, ...column, ...step]
    : n.stepInnermost
    ? [...column, ...rows, ...step]
    : [...step, ...rows, ...column];
  const inner = lanes > 1
    ? [...rows, ...column, ...lane, ...outer, ...step]
    : [...outer, ...order, ...vector];
  if (tiled || inner.some((l, d) => l !== reduce[d])) sch.reorder(...grids, ...threads, ...inner);
  const grid = grids.length > 1 ? sch.fuse(...grids) : x.grid;
  sch.bind(grid, "blockIdx.x");
  if (lanes > 1) {
    sch.bind(lane[0] as string, "threadIdx.x");
    if (y) sch.bind(y.thread, "threadIdx.z");
    sch.bind(x.thread, "threadIdx.y");
  } else {
    if (y) sch.bind(y.thread, "threadIdx.y");
    sch.bind(x.thread, "threadIdx.x");
  }
  for (const b of [...backs, ...guests.followers]) {
    unrollCopy(sch, sch.reverseComputeAt(b, x.thread), n.vectors);
  }
  const bring = (block: string, scope: "local" | "shared") => {
    const loops = sch.computeAt(block, at ?? (scope === "shared" ? grid : x.thread));
    if (scope === "local") return unrollCopy(sch, loops, n.vectors);
    const width = constExtent(sch.loop(loops.at(-1) ?? x.thread).extent) ?? 1;
    cooperativeCopy(sch, loops, [y ? n.y[0] : 1, n.x[0]], n.vectors && width % 4 === 0 ? 4 : 1);
    const { body } = sch.block(block);
    if (at === undefined || rows.length + column.length === 0 || body.kind !== "store") return;
    // A thread reads each element for several results, so it copies elements into registers: for one step or for all.
    const copy = sch.cacheRead(name, body.buffer.name, "local");
    const stands = () => sch.loops(copy).slice(sch.loops(copy).indexOf(at) + 1);
    const moved = n.stepInnermost || step[0] === undefined ? stands() : sch.computeAt(copy, step[0]);
    unrollCopy(sch, moved, n.vectors);
  };
  for (const { name: prologue, scope } of guests.prologues.toReversed()) {
    sch.setScope(prologue, scope);
    bring(prologue, scope);
  }
  for (const { buffer, scope } of guests.copies) {
    if (!sch.inputs(name).some((l) => l.buffer.name === buffer)) continue;
    bring(sch.cacheRead(name, buffer, scope), scope);
  }
  if (outer[0] !== undefined && lanes === 1 && isOne) {
    const init = sch.decomposeReduction(name, outer[0]);
    unrollCopy(sch, sch.loops(init).slice(sch.loops(init).indexOf(x.thread) + 1), n.vectors);
  }
  let iterations = 1;
  for (const l of order.toReversed()) {
    iterations *= constExtent(sch.loop(l).extent) ?? Infinity;
    if (iterations > n.unroll) break;
    sch.unroll(l);
  }
  for (const l of vector) sch.vectorize(l);
}

/** The loop over a thread's results along x, with a loop of four inside it where they are to be vectors. */
function columns(sch: Schedule, loop: string | undefined, vectors: boolean): readonly string[] {
  if (loop === undefined) return [];
  return vectors && (constExtent(sch.loop(loop).extent) ?? 1) % 4 === 0 ? sch.split(loop, [null, 4]) : [loop];
}

/** The reduced loops: those around a tile, the one that threads share, and the steps per iteration. */
function reduction(
  sch: Schedule,
  reduce: readonly string[],
  guests: Guests,
  { k: [lanes, chunk] }: Numbers,
): { readonly outer: readonly string[]; readonly lane: readonly string[]; readonly step: readonly string[] } {
  const loop = reduce[guests.k];
  const near = guests.copies.length + guests.prologues.length > 0;
  if (loop === undefined || (lanes === 1 && chunk === 1 && !near)) {
    return { outer: reduce, lane: [], step: [] };
  }
  const others = reduce.filter((l) => l !== loop);
  const inner = [...(lanes > 1 ? [lanes] : []), ...(chunk > 1 ? [chunk] : [])];
  const [outer, ...parts] = inner.length > 0 ? sch.split(loop, [null, ...inner]) : [loop];
  return {
    outer: [...others, outer as string],
    lane: lanes > 1 ? parts.slice(0, 1) : [],
    step: lanes > 1 ? parts.slice(1) : parts,
  };
}
