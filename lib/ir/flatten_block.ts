/** Blocks as plain statements. */
import { and, eq, isConst, seq } from "./build.ts";
import type { Expr, Var } from "./expr.ts";
import type { Block, Stmt } from "./stmt.ts";
import { substituteStmt } from "./substitute.ts";

/** The block with its iteration variables replaced by their values; nothing is left to schedule. */
export function flattenBlock(b: Block): Stmt {
  const values = bindingMap(b);
  const body = substituteStmt(b.body, values);
  const reduce = b.iters.flatMap((it, k) => it.type === "reduce" ? [b.bindings[k] as Expr] : []);
  const init = b.init && ifThen(and(...reduce.map((e) => eq(e, 0))), substituteStmt(b.init, values));
  return ifThen(b.where, init ? seq(init, body) : body);
}

/** The block's iteration variables and their values. */
export function bindingMap(b: Block): ReadonlyMap<Var, Expr> {
  return new Map(b.iters.map((it, k) => [it.var, b.bindings[k] as Expr]));
}

/** `then` where `cond` holds. */
export function ifThen(cond: Expr, then: Stmt): Stmt {
  return isConst(cond) && cond.value ? then : { kind: "if", cond, then };
}
