/** Index divisions become shifts and masks where the divisor is a power of two: GPUs divide integers slowly. */
import { binary, constant } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import { rewriteExprs } from "../ir/visit.ts";
import type { Draft } from "./draft.ts";

export function reduceStrength(draft: Draft): Draft {
  return { ...draft, body: rewriteExprs(draft.body, reduce) };
}

/** Right for negative values too: an arithmetic shift and a mask round toward minus infinity. */
function reduce(e: Expr): Expr {
  if (e.kind !== "binary" || e.dtype !== "i32" || e.b.kind !== "const") return e;
  const c = e.b.value;
  if (c <= 0 || (c & (c - 1)) !== 0) return e;
  if (e.op === "floordiv") return binary("shr", e.a, constant(Math.log2(c)));
  if (e.op === "floormod") return binary("bitand", e.a, constant(c - 1));
  return e;
}
