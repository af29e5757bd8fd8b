import { conjuncts, isConst } from "../ir/build.ts";
import type { Buffer, Expr, Load, Var } from "../ir/expr.ts";
import { readsBuffer } from "../ir/reducer.ts";
import type { For, Stmt, Store } from "../ir/stmt.ts";
import { mapStmt, walkExpr } from "../ir/visit.ts";

/** One load or store, and the loops around it, outermost first. */
export interface Access {
  readonly indices: readonly Expr[];
  readonly loops: readonly For[];
  /** Thread variables that a condition around it fixes at 0: only the first thread runs it. */
  readonly pinned: ReadonlySet<Var>;
  readonly write: boolean;
  /** True for a store of a value that is computed from its own buffer. */
  readonly update: boolean;
}

/** Every access of `body` by its buffer, in order. */
export function accessesOf(body: Stmt): ReadonlyMap<Buffer, readonly Access[]> {
  const accesses = new Map<Buffer, Access[]>();
  const note = (x: Load | Store, loops: readonly For[], pinned: ReadonlySet<Var>) => {
    const list = accesses.get(x.buffer) ?? [];
    const write = x.kind === "store";
    const update = write && readsBuffer(x.value, x.buffer);
    list.push({ indices: x.indices, loops, pinned, write, update });
    accesses.set(x.buffer, list);
  };
  const stmt = (s: Stmt, loops: readonly For[], pinned: ReadonlySet<Var>): void => {
    if (s.kind === "store") note(s, loops, pinned);
    const then = s.kind === "if" ? pinned.union(zeros(s.cond)) : pinned;
    mapStmt(
      s,
      (
        x,
      ) => (stmt(
        x,
        s.kind === "for" ? [...loops, s] : loops,
        s.kind === "if" && x === s.then ? then : pinned,
      ),
        x),
      (e) => (walkExpr(e, (x) => x.kind === "load" && note(x, loops, pinned)), e),
    );
  };
  stmt(body, [], new Set());
  return accesses;
}

/** The loops that are around every one of the accesses. */
export function commonLoops(accesses: readonly Access[]): readonly For[] {
  return accesses.map((a) => a.loops).reduce((p, q) => p.slice(0, p.findIndex((l, k) => l !== q[k]) >>> 0));
}

/** Variables that are 0 where `cond` holds. */
function zeros(cond: Expr): ReadonlySet<Var> {
  return new Set(
    conjuncts(cond).flatMap((e) =>
      e.kind === "binary" && e.op === "eq" && isConst(e.b, 0) && e.a.kind === "var" ? [e.a] : []
    ),
  );
}
