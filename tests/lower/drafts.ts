/** Drafts of kernels for tests of a single pass. */
import { constant } from "../../lib/ir/build.ts";
import type { Buffer, Var } from "../../lib/ir/expr.ts";
import type { Stmt, ThreadTag } from "../../lib/ir/stmt.ts";
import type { KernelDraft } from "../../lib/lower/kernel_draft.ts";

/** A draft with these threads, each with its tag and extent, and `outer` for memory outside of the kernel. */
export function draftOf(
  body: Stmt,
  threads: ReadonlyMap<ThreadTag, readonly [Var, number]>,
  outer: readonly Buffer[],
): KernelDraft {
  return {
    name: "draft",
    prepares: false,
    body,
    shapeVars: [],
    outer: new Set(outer),
    layouts: new Map(),
    threads: new Map([...threads].map(([tag, [v, extent]]) => [tag, { var: v, extent: constant(extent) }])),
    sharedGlobals: new Set(),
    atomics: new Set(),
    lanes: new Map(),
    wrapping: new Set(),
    activations: new Set(),
    textures: new Map(),
  };
}
