/** Counts that follow from how an access moves with the loops around it. */
import { bytesOf } from "../ir/dtype.ts";
import { type Buffer, isReadOnly, type Scope, type Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Target } from "../target/target.ts";
import { isThread, type NestAccess, type NestLoop, type Role, type StoreNest } from "./store_nests.ts";

/** The input of features. */
export interface FeatureInput {
  readonly func: PrimFunc;
  readonly leaves: readonly StoreNest[];
  readonly target: Target;
}

/** Multiplies the extents of the loops of some roles. */
export function iterationsOf(leaf: StoreNest, ...roles: readonly Role[]): number {
  return leaf.loops.reduce((n, l) => roles.includes(l.role) ? n * l.extent : n, 1);
}

/** Times that a thread issues the access; a vector loop over neighbours issues once. */
export function issued(leaf: StoreNest, access: NestAccess): number {
  return leaf.loops.reduce((n, l, i) => {
    const perThread = l.role === "serial" || l.role === "unrolled" ||
      (l.role === "vector" && Math.abs(access.strides[i] ?? 0) > 1);
    return perThread ? n * l.extent : n;
  }, 1);
}

/**
 * Bounds the distinct elements that the chosen loops touch. In each dimension it takes what the loops span or, where
 * they leap, the iterations of the loops that move along it; the smaller of both.
 */
export function touched(access: NestAccess, leaf: StoreNest, loops: readonly number[]): number {
  return access.buffer.shape.reduce<number>((n, _, d) => n * touchedIn(access, leaf, loops, d), 1);
}

/** Bounds the indices of dimension `d` that the chosen loops touch, as {@linkcode touched} does. */
export function touchedIn(access: NestAccess, leaf: StoreNest, loops: readonly number[], d: number): number {
  let span = 1, iterations = 1;
  for (const l of loops) {
    const moved = access.spans[l]?.[d] ?? 0;
    span += moved;
    if (moved > 0) iterations *= leaf.loops[l]?.extent ?? 1;
  }
  return Math.min(span, iterations);
}

/**
 * The loops of a store to a `local` or `shared` buffer inside the lifetime of what it stores: those that the buffer's
 * stores and loads don't share, loops over virtual threads and, for workgroup memory, loops over threads.
 */
export function loopsInside(leaf: StoreNest, leaves: readonly StoreNest[]): readonly number[] {
  const { buffer } = leaf.store;
  const users = leaves.filter((l) => [l.store, ...l.loads].some((a) => a.buffer === buffer));
  const isCommon = (v: Var) => users.every((l) => l.loops.some((other) => other.var === v));
  return [...leaf.loops.keys()].filter((i) => {
    const loop = leaf.loops[i] as NestLoop;
    return !isCommon(loop.var) || loop.kind === "vthread" || (buffer.scope === "shared" && isThread(loop));
  });
}

/** Counts the elements of a `local` or `shared` buffer that are live at a time. */
export function lifetimeElements(buffer: Buffer, leaves: readonly StoreNest[]): number {
  const stores = leaves.filter((leaf) => leaf.store.buffer === buffer);
  return Math.max(0, ...stores.map((leaf) => touched(leaf.store, leaf, loopsInside(leaf, leaves))));
}

/** The indices of the loops of a role. */
export function loopsOf(leaf: StoreNest, role: Role): readonly number[] {
  return [...leaf.loops.keys()].filter((i) => leaf.loops[i]?.role === role);
}

/** Gives the `n` stores that run most often. */
export function busiest(leaves: readonly StoreNest[], n: number): readonly StoreNest[] {
  return leaves.toSorted((a, b) => b.iterations - a.iterations).slice(0, n);
}

/** Floating-point operations of one iteration. */
export function opsOf(leaf: StoreNest): number {
  return leaf.ops.add + leaf.ops.mul + leaf.ops.other + leaf.ops.call;
}

/** Loads, or stores, of a scope that one thread issues in the whole program. */
export function issuedTo(leaves: readonly StoreNest[], what: "load" | "store", scope: Scope): number {
  let sum = 0;
  for (const leaf of leaves) {
    for (const a of what === "load" ? leaf.loads : [leaf.store]) {
      if (a.buffer.scope === scope) sum += issued(leaf, a);
    }
  }
  return sum;
}

/** Bytes of workgroup memory, and elements of `local` buffers, that live at a time. */
export function sizesOf(func: PrimFunc, leaves: readonly StoreNest[]) {
  let sharedBytes = 0, registers = 0;
  for (const b of func.allocs) {
    if (b.scope === "shared") sharedBytes += lifetimeElements(b, leaves) * bytesOf(b.dtype);
    if (b.scope === "local") registers += lifetimeElements(b, leaves);
  }
  return { sharedBytes, registers };
}

/** Tells whether the buffer lies outside the workgroup: every thread may read it, and such reads are slow. */
export function isOutside({ buffer }: NestAccess): boolean {
  return buffer.scope === "global" || isReadOnly(buffer.scope);
}
