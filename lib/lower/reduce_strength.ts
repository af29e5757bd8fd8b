/**
 * Replaces index divisions by faster operations: shifts and masks if the divisor is a power of two, otherwise unsigned
 * division if no operand is negative, because rounding down is then rounding toward zero.
 */
import { binary, cast, constant } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import type { Analyzer } from "../arith/analyzer.ts";
import { rewriteExprs } from "../ir/visit.ts";
import type { Target } from "../target/target.ts";
import { analyzerOf, type KernelDraft } from "./kernel_draft.ts";

export function reduceStrength(draft: KernelDraft, target: Target): KernelDraft {
  const analyzer = analyzerOf(draft);
  return {
    ...draft,
    body: rewriteExprs(draft.body, (e) => shifted(e) ?? unsigned(e, analyzer, target) ?? e),
  };
}

/** Right for negative values too: an arithmetic shift and a mask round toward minus infinity. */
function shifted(e: Expr): Expr | undefined {
  if (e.kind !== "binary" || e.dtype !== "i32" || e.b.kind !== "const") return undefined;
  const c = e.b.value;
  if (c <= 0 || (c & (c - 1)) !== 0) return undefined;
  if (e.op === "floordiv") return binary("shr", e.a, constant(Math.log2(c)));
  if (e.op === "floormod") return binary("bitand", e.a, constant(c - 1));
  return undefined;
}

function unsigned(e: Expr, analyzer: Analyzer, target: Target): Expr | undefined {
  if (e.kind !== "binary" || e.dtype !== "i32" || !target.unsignedDivision) return undefined;
  if (e.op !== "floordiv" && e.op !== "floormod") return undefined;
  if (analyzer.bounds(e.a)[0] < 0 || analyzer.bounds(e.b)[0] < 1) return undefined;
  const b = e.b.kind === "const" ? constant(e.b.value, "u32") : cast("u32", e.b);
  return cast("i32", binary(e.op, cast("u32", e.a), b));
}
