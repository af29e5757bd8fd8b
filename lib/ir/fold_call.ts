import type { Call, Expr } from "./expr.ts";
import { constant } from "./build.ts";
import { scalarOf } from "./dtype.ts";
import { dotOfBytes } from "./fold.ts";

/** `e` as a constant, where it is a call on constants that has the same value on every device. */
export function foldCall(e: Call): Expr {
  const [a, b] = e.args;
  if (a?.kind !== "const") return e;
  switch (e.op) {
    case "dot4I8Packed":
      return b?.kind === "const" ? constant(dotOfBytes(a.value, b.value)) : e;
    case "abs": {
      // The absolute value of -2³¹ is itself.
      const value = Math.abs(a.value);
      return constant(e.dtype === "i32" ? value | 0 : value, scalarOf(e.dtype));
    }
    case "floor":
      return constant(Math.floor(a.value), scalarOf(e.dtype));
    default:
      return e;
  }
}
