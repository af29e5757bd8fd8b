/** The same program over other loops, and without blocks: rich index arithmetic of known meaning. */
import { add, and, ceilDiv, eq, floorDiv, floorMod, lt, mul, seq, variable } from "../../lib/ir/build.ts";
import type { Expr, Var } from "../../lib/ir/expr.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import type { For, Stmt } from "../../lib/ir/stmt.ts";
import { mapStmt } from "../../lib/ir/visit.ts";
import { substituteStmt } from "../../lib/ir/substitute.ts";

/**
 * `f` with its loops split and fused as `choices` say, one number a loop and again from the start when they
 * are used up: 0 leaves a loop, 1 fuses it with the one inside if that is all that it holds, others split it
 * by themselves. The order of all turns stays.
 */
export function retiled(f: PrimFunc, choices: readonly number[]): PrimFunc {
  let used = 0, fresh = 0;
  const name = () => variable(`t${fresh++}`);
  const stmt = (s: Stmt): Stmt => {
    if (s.kind !== "for") return mapStmt(s, stmt);
    const choice = choices[used++ % choices.length] ?? 0;
    if (choice === 1 && s.body.kind === "for") return stmt(fused(s, s.body, name()));
    return mapStmt(
      choice > 1 ? split(s, choice, name(), name()) : s,
      choice > 1 ? (x) => mapStmt(x, stmt) : stmt,
    );
  };
  return f.with({ body: stmt(f.body) });
}

function fused(outer: For, inner: For, v: Var): For {
  const body = substituteStmt(
    inner.body,
    new Map([[outer.var, floorDiv(v, inner.extent)], [inner.var, floorMod(v, inner.extent)]]),
  );
  return { ...outer, var: v, extent: mul(outer.extent, inner.extent), body };
}

function split(s: For, factor: number, outer: Var, inner: Var): For {
  const at = add(mul(outer, factor), inner);
  const body = guarded(substituteStmt(s.body, new Map([[s.var, at]])), lt(at, s.extent));
  return {
    ...s,
    var: outer,
    extent: ceilDiv(s.extent, factor),
    body: { ...s, var: inner, extent: { kind: "const", dtype: "i32", value: factor }, body },
  };
}

/** Every block of `s` only where `cond` holds. */
function guarded(s: Stmt, cond: Expr): Stmt {
  if (s.kind === "block") return { ...s, where: and(s.where, cond) };
  return mapStmt(s, (x) => guarded(x, cond));
}

/** `f` with what each block means in its place: a lowered program. */
export function withoutBlocks(f: PrimFunc): PrimFunc {
  const stmt = (s: Stmt): Stmt => {
    if (s.kind !== "block") return mapStmt(s, stmt);
    const by = new Map(s.iters.map((it, k) => [it.var, s.bindings[k] as Expr]));
    const first = s.iters.filter((it) => it.type === "reduce").map((it) => eq(by.get(it.var) as Expr, 0));
    const init: readonly Stmt[] = s.init
      ? [{ kind: "if", cond: and(...first), then: substituteStmt(s.init, by) }]
      : [];
    return { kind: "if", cond: s.where, then: seq(...init, substituteStmt(s.body, by)) };
  };
  return f.with({ body: stmt(f.body) });
}
