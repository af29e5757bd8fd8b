/** Clusters: the threads of a subgroup that exchange values of one reduction. */
import { bytesOf } from "../ir/dtype.ts";
import type { Var } from "../ir/expr.ts";
import { SUBGROUPS } from "../ir/annotations.ts";
import type { Block, For, If, Stmt } from "../ir/stmt.ts";
import { readsMemory, usesVar, walkStmt } from "../ir/visit.ts";
import type { Target } from "../target/target.ts";
import { isThreadIdx } from "./kernel_draft.ts";

/**
 * Gives the number of threads in a cluster, for a block whose reduction is shared by the loops `threads` inside of
 * `path`. It is 1 where threads can't exchange values, or where the block does not ask for it.
 */
export type ClusterSize = (b: Block, threads: readonly For[], path: readonly (For | If)[]) => number;

/**
 * Finds the cluster sizes of a kernel with this body. A cluster is a power of two that the smallest subgroup holds and
 * that divides the threads of a reduction. These must be all threads along threadIdx.x, as a subgroup lies along x, and
 * all threads of the workgroup must get there.
 */
export function subgroupClusters(body: Stmt, target: Target): ClusterSize {
  const least = target.subgroups?.minSize ?? 1;
  const extents = new Map<string, number>();
  walkStmt(body, (s) => {
    if (s.kind !== "for" || !isThreadIdx(s.loop)) return;
    const extent = s.extent.kind === "const" ? s.extent.value : Infinity;
    extents.set(s.loop, Math.max(extent, extents.get(s.loop) ?? 1));
  });
  const isWhole = (l: For) => l.extent.kind === "const" && l.extent.value === extents.get(l.loop);
  return (b, threads, path) => {
    const [only, ...more] = threads;
    const asked = b.annotations[SUBGROUPS] === true && only?.loop === "threadIdx.x" && more.length === 0;
    const words = b.body.kind === "store" && bytesOf(b.body.buffer.dtype) === 4 &&
      b.body.buffer.dtype !== "bool";
    if (!asked || !words || !isWhole(only) || !isUniform(path, isWhole)) return 1;
    const extent = extents.get("threadIdx.x") ?? 1;
    let cluster = 1;
    while (2 * cluster <= least && extent % (2 * cluster) === 0) cluster *= 2;
    return cluster;
  };
}

/** Tells whether all threads of a workgroup come together through loops and conditions. */
function isUniform(path: readonly (For | If)[], isWhole: (l: For) => boolean): boolean {
  const threads = new Set<Var>();
  for (const s of path) {
    if (s.kind === "for" && isThreadIdx(s.loop)) {
      if (!isWhole(s)) return false;
      threads.add(s.var);
      continue;
    }
    const asks = s.kind === "for" ? s.extent : s.cond;
    if (readsMemory(asks) || usesVar(asks, (v) => threads.has(v))) return false;
  }
  return true;
}
