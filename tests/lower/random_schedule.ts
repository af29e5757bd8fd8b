/**
 * Random schedules that end in kernels: steps that move, split and cache, then threads for what is left. A
 * step is numbers that pick among what the program has when its turn comes; one that is not legal is left out.
 */
import fc from "fast-check";
import type { Scope } from "../../lib/ir/expr.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import type { For, Stmt, ThreadTag } from "../../lib/ir/stmt.ts";
import { walkStmt } from "../../lib/ir/visit.ts";
import { ScheduleError } from "../../lib/schedule/error.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { isPadding, isShared, rangesOf } from "../schedule/random_steps.ts";
import { indexMapOf } from "../schedule/index_maps.ts";

const VERBS = [
  "split",
  "fuse",
  "reorder",
  "cacheRead",
  "cacheWrite",
  "computeAt",
  "computeAt",
  "reverseComputeAt",
  "computeInline",
  "decompose",
  "rfactor",
  "streamK",
  "loopPartition",
  "decomposePadding",
  "blockize",
  "reindex",
  "transformLayout",
  "transformBlockLayout",
  "setScope",
  "layOut",
  "layOut",
  "mark",
  "mark",
] as const;

/** One step to be: what to do, and to which of the things there are. */
export interface Move {
  readonly verb: typeof VERBS[number];
  readonly where: number;
  readonly what: number;
}

const SCOPES: readonly Scope[] = ["local", "shared", "global"];
const FACTORS = [[null, 2], [null, 3], [null, 4], [2, null], [null, 2, 2], [null, 8]] as const;
const MARKS = ["vectorize", "vectorize", "unroll", "threadIdx.x", "threadIdx.y", "vthread"] as const;

export const arbMoves: fc.Arbitrary<readonly Move[]> = fc.array(
  fc.record({ verb: fc.constantFrom(...VERBS), where: fc.nat(11), what: fc.nat(11) }),
  { maxLength: 10, size: "max" },
);

/** `func` scheduled by the moves that are legal, each of its nests bound to threads. */
export function scheduledBy(func: PrimFunc, moves: readonly Move[]): PrimFunc {
  const sch = new Schedule(func);
  for (const m of moves) legal(() => move(sch, m));
  shareAcrossNests(sch);
  return bound(sch);
}

function legal(step: () => void): boolean {
  try {
    step();
    return true;
  } catch (e) {
    if (e instanceof ScheduleError) return false;
    throw e;
  }
}

function pick<T>(list: readonly T[], n: number): T | undefined {
  return list[n % Math.max(1, list.length)];
}

function move(sch: Schedule, { verb, where, what }: Move): void {
  const block = pick(sch.blocks(), where) as string;
  const loops = sch.loops(block);
  const loop = pick(loops, what);
  const scope = pick(SCOPES, what) as Scope;
  /** Loops around a neighbour of `block`, and not around it. */
  const near = (neighbour: string | undefined) =>
    neighbour === undefined ? [] : sch.loops(neighbour).filter((l) => !loops.includes(l));
  if (loop === undefined) return;
  switch (verb) {
    case "split":
      return void sch.split(loop, pick(FACTORS, where + what) as readonly (number | null)[]);
    case "fuse":
      return void sch.fuse(...loops.slice(what % loops.length).slice(0, 2));
    case "reorder":
      return sch.reorder(...loops.slice(what % loops.length).toReversed());
    case "cacheRead": {
      const input = pick(sch.inputs(block), what)?.buffer.name;
      return void (input && sch.cacheRead(block, input, pick(SCOPES, where + what) as Scope));
    }
    case "cacheWrite":
      return void sch.cacheWrite(block, scope);
    case "computeAt": {
      const at = pick(near(sch.consumers(block)[0]), what);
      return void (at && sch.computeAt(block, at));
    }
    case "reverseComputeAt": {
      const at = pick(near(sch.producers(block).at(-1)), what);
      return void (at && sch.reverseComputeAt(block, at));
    }
    case "computeInline":
      return sch.computeInline(block);
    case "decompose":
      return void sch.decomposeReduction(block, loop);
    case "rfactor":
      return void sch.rfactor(loop);
    case "streamK": {
      const { tile, step, workers } = rangesOf(sch, block, { what, how: where });
      return void sch.streamK(block, tile, step, workers);
    }
    case "loopPartition":
      return void sch.loopPartition(loop, [1 + where % 5]);
    case "decomposePadding": {
      const pads = pick(sch.blocks().filter(isPadding(sch)), where) ?? block;
      return void sch.decomposePadding(pads, pick(sch.loops(pads), what) ?? loop);
    }
    case "blockize":
      return void sch.blockize(loops.at(-1 - what % Math.min(2, loops.length)) as string);
    case "reindex": {
      const written = sch.block(block).body;
      const own = written.kind === "store" ? [written.buffer] : [];
      const buffer = pick([...sch.inputs(block).map((l) => l.buffer), ...own], what);
      return void (buffer && sch.reindex(block, buffer.name));
    }
    case "transformLayout": {
      const buffer = pick(sch.func.allocs, where);
      return void (buffer && sch.transformLayout(buffer.name, indexMapOf(buffer.shape, what, where)));
    }
    case "transformBlockLayout": {
      const { iters } = sch.block(block);
      const map = indexMapOf(iters.map((it) => it.extent), what, where, iters.map((it) => it.type));
      return void sch.transformBlockLayout(block, map);
    }
    case "setScope":
      return sch.setScope(block, scope);
    case "layOut": {
      const shared = sch.blocks().filter(isShared(sch));
      const name = pick(shared, where);
      if (name === undefined) return;
      return what % 2 === 0
        ? sch.doubleBuffer(name)
        : sch.storageAlign(name, 0, 1 + what % 5, where % (1 + what % 5));
    }
    case "mark": {
      const mark = pick(MARKS, where + what) as typeof MARKS[number];
      return mark === "vectorize" || mark === "unroll" ? sch[mark](loop) : sch.bind(loop, mark);
    }
    default:
      return verb satisfies never;
  }
}

/** What two nests use is put where both can reach it. */
export function shareAcrossNests(sch: Schedule): void {
  for (const block of sch.blocks()) {
    const away = sch.consumers(block).some((c) => sch.loops(c)[0] !== sch.loops(block)[0]);
    if (away) legal(() => sch.setScope(block, "global"));
  }
}

/** The program with a workgroup for each turn of the outermost loop of a nest, where that has no threads yet. */
export function bound(sch: Schedule): PrimFunc {
  for (const first of new Set(sch.blocks().map((b) => sch.loops(b)[0]))) {
    if (first === undefined || hasThreads(sch.loop(first))) continue;
    const tag: ThreadTag = first.length % 2 ? "blockIdx.x" : "threadIdx.x";
    if (legal(() => sch.bind(first, tag)) || legal(() => sch.bind(first, "threadIdx.x"))) continue;
    const block = sch.blocks().find((b) => sch.loops(b)[0] === first) as string;
    sch.bind(sch.addUnitLoop(block), "blockIdx.x");
  }
  for (const block of sch.blocks()) {
    if (sch.loops(block).length === 0) sch.bind(sch.addUnitLoop(block), "blockIdx.x");
  }
  return sch.func;
}

function hasThreads(s: Stmt & For): boolean {
  let found = false;
  walkStmt(s, (x) => {
    if (x.kind === "for" && x.loop.includes("Idx.")) found = true;
  });
  return found;
}
