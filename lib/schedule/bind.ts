import { ATOMIC } from "../ir/annotations.ts";
import { isConst } from "../ir/build.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { For, LoopKind, ThreadTag } from "../ir/stmt.ts";
import { usesVar } from "../ir/visit.ts";
import { ScheduleError } from "./error.ts";
import { blocksOf, findLoop, type FoundBlock } from "./find.ts";
import { mixedLoop, reduceLoops } from "./reduce_loops.ts";
import { replaceStmt } from "./replace_stmt.ts";

/**
 * Says how a loop runs: vectorized, unrolled, parallel, or bound to a thread.
 *
 *     for i in range(4):              for i in T.vectorized(4):
 *       B[i] = A[i]              →      B[i] = A[i]
 *
 * @throws {ScheduleError} where the loop has a kind already, or a block in it needs its iterations one after another
 */
export function setLoopKind(func: PrimFunc, name: string, kind: LoopKind, verb: string): PrimFunc {
  const { loop, outer } = findLoop(func, name);
  const asked = `cannot ${verb} loop ${name}`;
  if (loop.loop !== "serial") {
    throw new ScheduleError(
      `${asked}: it is ${loop.loop} already, and a loop has one kind; choose a serial loop`,
      loop,
    );
  }
  if (kind === "vectorized" && !isConst(loop.extent)) {
    throw new ScheduleError(`${asked}: its extent is symbolic; split it by 4 first`, loop);
  }
  if ((kind === "unrolled" || kind === "vthread") && !isConst(loop.extent)) {
    throw new ScheduleError(`${asked}: its extent is symbolic; split it first`, loop);
  }
  const now: For = { ...loop, loop: kind };
  for (const { block, loops } of blocksOf(now, outer)) {
    checkKind(asked, now, { block, loops });
  }
  return replaceStmt(func, loop, now);
}

/** Checks whether `loop`, one of the loops around `block`, may have its kind. */
function checkKind(asked: string, loop: For, { block, loops }: FoundBlock): void {
  const kind = loop.loop, isThread = kind.startsWith("blockIdx") || kind.startsWith("threadIdx");
  const reduces = reduceLoops(block, loops).includes(loop) &&
    !(isThread && block.annotations[ATOMIC] === true);
  const ordered = kind === "unrolled" || kind === "serial" || kind.startsWith("threadIdx");
  if (reduces && !ordered) {
    throw new ScheduleError(
      `${asked}: block ${block.name} reduces over it; rfactor it first, or choose a spatial loop`,
      loop,
    );
  }
  if (!isThread) return;
  if (reduces && mixedLoop(block, [loop])) {
    throw new ScheduleError(
      `${asked}: block ${block.name} has it run over spatial and reduce axes at once; bind before fusing them`,
      loop,
    );
  }
  // A thread has one index per tag: if two loops share a tag, a block may depend on the inner one only.
  const same = loops.filter((l) => l.loop === kind);
  const used = same.slice(0, -1).find((l) =>
    [...block.bindings, block.where].some((e) => usesVar(e, (v) => v === l.var))
  );
  const other = used && same.find((l) => l !== loop);
  if (other) {
    throw new ScheduleError(
      `${asked}: loop ${other.var.name} of block ${block.name} is ${kind} already, and the block needs the iterations ` +
        `of both; fuse the loops, or take another tag`,
      loops.indexOf(other) > loops.indexOf(loop) ? loop : other,
    );
  }
}

/**
 * Binds a loop to a thread index: its iterations run in different threads. Those of a `vthread` run in one thread,
 * side by side: what is inside the loop is done for all of them, statement by statement.
 *
 *     for i in range(64):             for i in T.thread_binding(64, thread="threadIdx.x"):
 *       B[i] = A[i]              →      B[i] = A[i]
 *
 * @throws {ScheduleError} as {@linkcode setLoopKind}
 */
export function bind(func: PrimFunc, name: string, tag: ThreadTag | "vthread"): PrimFunc {
  return setLoopKind(func, name, tag, `bind to ${tag}`);
}
