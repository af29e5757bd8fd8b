/** Rewrites of one operation that need no ranges. */
import { and, conjuncts, constant, isConst } from "../ir/build.ts";
import { foldBinary } from "../ir/fold.ts";
import { isFloat, scalarOf } from "../ir/dtype.ts";
import type { Binary, Expr } from "../ir/expr.ts";
import { keyOf } from "../ir/key.ts";

/** Applies identities that hold exactly in every type, and computes what is constant. */
export function foldScalar(x: Binary): Expr {
  if (x.a.kind === "const" && x.b.kind === "const") {
    const value = foldBinary(x.op, scalarOf(x.a.dtype), x.a.value, x.b.value);
    return value === undefined ? x : constant(value, scalarOf(x.dtype));
  }
  if (isFloat(x.dtype)) {
    return isConst(x.b, 1) && (x.op === "mul" || x.op === "div")
      ? x.a
      : isConst(x.a, 1) && x.op === "mul"
      ? x.b
      : x;
  }
  if (
    isConst(x.b, 0) &&
    (x.op === "add" || x.op === "sub" || x.op === "shl" || x.op === "shr" || x.op === "bitor")
  ) return x.a;
  if (isConst(x.a, 0) && x.op === "add") return x.b;
  if (isConst(x.b, 1) && (x.op === "mul" || x.op === "floordiv")) return x.a;
  if (isConst(x.a, 1) && x.op === "mul") return x.b;
  return x;
}

/** Drops repeated conditions of a conjunction. */
export function dropRepeatedConditions(cond: Expr): Expr {
  const terms = conjuncts(cond);
  const once = new Map(terms.map((t) => [keyOf(t), t]));
  return once.size === terms.length ? cond : and(...once.values());
}
