/**
 * Finds the global buffers through which threads of a workgroup exchange values within one kernel: they need barriers
 * as workgroup memory does. Workgroups can't wait for one another, so a workgroup must itself have written what it
 * reads, from either memory.
 */
import { add, binary, constant, isConst } from "../ir/build.ts";
import type { Buffer, Expr, Var } from "../ir/expr.ts";
import { type Range, regionOf } from "../arith/region.ts";
import type { Analyzer } from "../arith/analyzer.ts";
import { substitute } from "../ir/substitute.ts";
import { usesVar } from "../ir/visit.ts";
import { type Access, accessesOf, commonLoops } from "./buffer_accesses.ts";
import { analyzerOf, type KernelDraft, threadVars, workgroupVars } from "./kernel_draft.ts";
import { LowerError } from "./error.ts";
import { isInjective } from "./injectivity.ts";

/**
 * Adds to a draft the global buffers that the threads of a workgroup share.
 *
 * @throws {LowerError} where a workgroup would read or overwrite what another one writes
 */
export function findSharedGlobals(draft: KernelDraft): KernelDraft {
  // A thread that is alone waits for no other.
  if ([...draft.threads.values()].every((t) => isConst(t.extent, 1))) return draft;
  const analyzer = analyzerOf(draft);
  const sharedGlobals = new Set<Buffer>();
  const blocks = threadVars(draft, "blockIdx"), threads = threadVars(draft, "threadIdx");
  const still = workgroupVars(draft);
  for (const [b, list] of accessesOf(draft.body)) {
    if (draft.atomics.has(b)) continue;
    checkUpdates(b, list, draft, analyzer);
    const shared = b.scope === "shared";
    if (!shared && (b.scope !== "global" || !draft.outer.has(b))) continue;
    const writes = list.filter((a) => a.write), reads = list.filter((a) => !a.write);
    if (shared && !writes.some((w) => w.indices.some((e) => usesVar(e, (v) => blocks.has(v))))) continue;
    for (const r of reads) {
      const within = (fixed: (v: Var) => boolean, isWhole: (index: Expr) => boolean) =>
        writes.every((w) => covers(b, w, r, fixed, isWhole, analyzer));
      if (!shared && within((v) => still.has(v) || threads.has(v), () => false)) continue;
      if (!within((v) => still.has(v), (e) => !usesVar(e, (v) => blocks.has(v)))) {
        throw new LowerError(
          `cannot read ${b.name} in the kernel ${draft.name} that writes it: a workgroup would read what others ` +
            `write, and can't wait for them; make kernels of their own of producer and consumer, or give each ` +
            `workgroup whole rows`,
        );
      }
      if (!shared) sharedGlobals.add(b);
    }
    if (!shared && overwritten(b, writes, draft, analyzer)) sharedGlobals.add(b);
  }
  return { ...draft, sharedGlobals };
}

/**
 * Tells whether threads of a workgroup overwrite elements that other threads wrote by an earlier statement. Such threads
 * need a barrier.
 */
function overwritten(b: Buffer, writes: readonly Access[], draft: KernelDraft, analyzer: Analyzer): boolean {
  const still = workgroupVars(draft), threads = threadVars(draft, "threadIdx");
  const active = [...threads].filter((t) => !analyzer.provesEqual(t, constant(0)));
  const own = (w: Access) => active.every((t) => w.pinned.has(t) || isInjective(w.indices, t, analyzer));
  let found = false;
  writes.forEach((later, k) =>
    writes.slice(0, k).forEach((w) => {
      if (areApart(b, w, later, analyzer)) return;
      const byOne = (fixed: (v: Var) => boolean) => covers(b, w, later, fixed, () => false, analyzer);
      if (own(w) && own(later) && byOne((v) => still.has(v) || threads.has(v))) return;
      if (!byOne((v) => still.has(v))) {
        throw new LowerError(
          `cannot write ${b.name} twice in the kernel ${draft.name}: a workgroup would overwrite what others write, ` +
            `and can't wait for them; make kernels of their own of the two`,
        );
      }
      found = true;
    })
  );
  return found;
}

/** Whether two accesses never touch the same element. */
function areApart(b: Buffer, p: Access, q: Access, analyzer: Analyzer): boolean {
  const all = () => true;
  const box = (a: Access) => regionOf(b, a.indices, all, analyzer);
  const [x, y] = [box(p), box(q)];
  const before = (r: Range, s: Range) => analyzer.proves(binary("le", add(r.min, r.extent), s.min));
  return x.some((r, d) => before(r, y[d] as Range) || before(y[d] as Range, r));
}

/** Checks that threads with the same element do not add to it. All of them may store the same value. */
function checkUpdates(b: Buffer, accesses: readonly Access[], draft: KernelDraft, analyzer: Analyzer): void {
  if (b.scope === "local") return;
  for (const a of accesses) {
    if (!a.update) continue;
    const clash = [...draft.threads].find(([tag, t]) =>
      !(b.scope === "shared" && tag.startsWith("blockIdx")) && !isConst(t.extent, 1) &&
      !a.pinned.has(t.var) &&
      !isInjective(a.indices, t.var, analyzer)
    );
    if (!clash) continue;
    const [tag] = clash;
    throw new LowerError(
      `cannot update ${b.name} in ${draft.name} under ${tag}: threads would add to the same elements at once; ` +
        `keep it in registers (scope local), or compute it outside of that loop`,
    );
  }
}

/**
 * Tells whether `w` has written all that `r` reads, for given values of the variables in `fixed` and of the loops around
 * both. Only some elements of a range may be written. Such a range counts as whole where `isWhole` holds for its index:
 * then all workgroups write the same elements. Elsewhere others may write the rest.
 */
function covers(
  b: Buffer,
  w: Access,
  r: Access,
  fixed: (v: Var) => boolean,
  isWhole: (index: Expr) => boolean,
  analyzer: Analyzer,
): boolean {
  const common = new Set(commonLoops([w, r]).map((l) => l.var));
  const relaxed = (v: Var) => !fixed(v) && !common.has(v);
  if ([...w.pinned].some((v) => fixed(v) && !r.pinned.has(v))) return false;
  const box = (a: Access) => regionOf(b, pinnedIndices(a), relaxed, analyzer);
  const written = box(w), read = box(r);
  return read.every((range, d) => {
    const extent = b.shape[d] as Expr, own = written[d] as Range;
    return (own.exact || isWhole(w.indices[d] as Expr)) && isInside(range, own, extent, analyzer);
  });
}

/** The indices of an access, which only the first thread of some makes. */
function pinnedIndices({ indices, pinned }: Access): readonly Expr[] {
  if (pinned.size === 0) return indices;
  const zeros = new Map([...pinned].map((v) => [v, constant(0)]));
  return indices.map((e) => substitute(e, zeros));
}

/** Tells whether `outer` contains `inner`, cut to a dimension of `extent` elements. */
function isInside(inner: Range, outer: Range, extent: Expr, analyzer: Analyzer): boolean {
  const le = (a: Expr, b: Expr) => analyzer.proves(binary("le", a, b));
  const end = add(outer.min, outer.extent);
  return (le(outer.min, inner.min) || le(outer.min, constant(0))) &&
    (le(add(inner.min, inner.extent), end) || le(extent, end));
}
