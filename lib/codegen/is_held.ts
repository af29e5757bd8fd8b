import type { Buffer, Expr } from "../ir/expr.ts";

/**
 * Tells whether a value that is computed as f32 is certainly one that f16 holds: it was rounded before, and only moved or
 * chosen since.
 *
 * @param isStored whether the elements of a buffer are stored as its dtype has them
 */
export function isHeld(e: Expr, isStored: (b: Buffer) => boolean): boolean {
  const all = (...parts: readonly Expr[]) => parts.every((x) => isHeld(x, isStored));
  switch (e.kind) {
    case "const":
    case "cast":
      return true;
    case "load":
      return isStored(e.buffer);
    case "broadcast":
      return all(e.a);
    case "shuffle":
      return all(...e.lanes);
    case "select":
      return all(e.a, e.b);
    case "binary":
      return (e.op === "min" || e.op === "max") && all(e.a, e.b);
    case "call":
      return (e.op === "abs" || e.op === "floor" || e.op === "round") && all(...e.args);
    default:
      return false;
  }
}
