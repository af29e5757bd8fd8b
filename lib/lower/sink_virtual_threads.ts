/**
 * Moves the loop of virtual threads inward, around each part of straight-line code, and unrolls it there. Virtual
 * threads thus run side by side in one thread, and what is the same for all of them runs once.
 *
 *     for v in vthread(2):            for k in range(8):
 *       for k in range(8):              for v in unroll(2): A_local[…] = A[…]
 *         A_local[…] = A[…]      →      for v in unroll(2): C[v, …] += A_local[…]
 *         C[v, …] += A_local[…]
 */
import { variable } from "../ir/build.ts";
import { bindingMap } from "../ir/flatten_block.ts";
import { readsBuffer } from "../ir/reducer.ts";
import type { Analyzer } from "../arith/analyzer.ts";
import type { Block, For, Stmt } from "../ir/stmt.ts";
import { mapStmt, usesVar, walkStmt } from "../ir/visit.ts";
import { substitute, substituteStmt } from "../ir/substitute.ts";
import { analyzerOf, blocksIn, isThreadIdx, type KernelDraft } from "./kernel_draft.ts";
import { LowerError } from "./error.ts";
import { isInjective } from "./injectivity.ts";

export function sinkVirtualThreads(draft: KernelDraft): KernelDraft {
  const analyzer = analyzerOf(draft);
  const sink = (s: Stmt, virtual: readonly For[]): Stmt => {
    if (s.kind === "for" && s.loop === "vthread") return sink(s.body, [...virtual, s]);
    if (virtual.length === 0 || s.kind === "seq") return mapStmt(s, (x) => sink(x, virtual));
    if (s.kind === "for" && !reducesAcross(s) && (!isStraight(s) || hasParts(s))) {
      const own = virtual.find((l) => usesVar(s.extent, (v) => v === l.var));
      if (!own) return mapStmt(s, (x) => sink(x, virtual));
      throw new LowerError(
        `cannot run ${own.var.name} as virtual threads: ${s.var.name} has another extent at each of its iterations`,
      );
    }
    // A statement that is the same for all of them runs once.
    const own = virtual.filter((l) => mentions(s, l));
    for (const b of blocksIn(s)) own.forEach((l) => checkApart(b, l, analyzer));
    return own.reduceRight(around, s);
  };
  return { ...draft, body: sink(draft.body, []) };
}

/** `s` in an unrolled copy of `loop`, which gets a variable of its own. */
function around(s: Stmt, loop: For): Stmt {
  const v = variable(loop.var.name);
  return { ...loop, var: v, loop: "unrolled", body: substituteStmt(s, new Map([[loop.var, v]])) };
}

function mentions(s: Stmt, loop: For): boolean {
  let found = false;
  walkStmt(s, () => {}, (e) => {
    if (e === loop.var) found = true;
  });
  return found;
}

/** True if the threads around `s` share the reductions in it; the partial sums are then added after it. */
function reducesAcross(s: For): boolean {
  if (s.body.kind === "for" && !isThreadIdx(s.loop)) return reducesAcross(s.body);
  return isThreadIdx(s.loop) &&
    blocksIn(s).some((b) =>
      b.iters.some((it, k) => it.type === "reduce" && usesVar(b.bindings[k] ?? it.var, (v) => v === s.var))
    );
}

/** True if each iteration of `s`, one loop or several, does one thing after the other. */
function hasParts(s: For): boolean {
  return s.body.kind === "seq" || (s.body.kind === "for" && hasParts(s.body));
}

/** True if `s` is unrolled altogether. */
function isStraight(s: For): boolean {
  let straight = true;
  walkStmt(s, (x) => {
    if (x.kind === "for" && x.loop !== "unrolled" && x.loop !== "vectorized") straight = false;
  });
  return straight;
}

/** Checks that each virtual thread accumulates into its own element: they run one after the other in each iteration. */
function checkApart(b: Block, loop: For, analyzer: Analyzer): void {
  const values = bindingMap(b);
  walkStmt(b.body, (s) => {
    if (s.kind !== "store") return;
    const updates = b.init !== undefined || [s.value, ...s.indices].some((e) => readsBuffer(e, s.buffer));
    const indices = s.indices.map((e) => substitute(e, values));
    const isPlain = indices.every((e) =>
      [...analyzer.linear(e).terms.values()].every((t) =>
        t.atom === loop.var || !usesVar(t.atom, (v) => v === loop.var)
      )
    );
    if (!updates || (isPlain && isInjective(indices, loop.var, analyzer))) return;
    throw new LowerError(
      `cannot run ${loop.var.name} as virtual threads: several of them may build up the same elements of ` +
        `${s.buffer.name} in ${b.name}; split one axis for them, before fusing it with others`,
    );
  });
}
