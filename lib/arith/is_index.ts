import { isFloat } from "../ir/dtype.ts";
import type { Expr } from "../ir/expr.ts";

const known = new WeakMap<Expr, boolean>();

/** Tells whether an expression is index arithmetic: over variables and constants alone, and not over data. */
export function isIndex(e: Expr): boolean {
  switch (e.kind) {
    case "var":
    case "const":
      return true;
    case "binary":
      return remembered(e, () => isIndex(e.a) && isIndex(e.b));
    case "select":
      return remembered(e, () => isIndex(e.cond) && isIndex(e.a) && isIndex(e.b));
    case "not":
      return isIndex(e.a);
    case "cast":
      return !isFloat(e.a.dtype) && isIndex(e.a);
    case "call":
    case "load":
    case "ramp":
    case "broadcast":
    case "shuffle":
      return false;
    default:
      return e satisfies never;
  }
}

function remembered(e: Expr, ask: () => boolean): boolean {
  let is = known.get(e);
  if (is === undefined) known.set(e, is = ask());
  return is;
}
