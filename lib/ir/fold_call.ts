import type { Call, Expr } from "./expr.ts";
import { constant, FALSE } from "./build.ts";
import { scalarOf, type ScalarType } from "./dtype.ts";
import { castBits, dotOfBytes, roundEven } from "./fold.ts";

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
    case "round":
      return constant(roundEven(a.value), scalarOf(e.dtype));
    case "isNaN":
      return FALSE;
    case "bitcastF32":
    case "bitcastI32":
    case "bitcastU32":
      return bitsOf(e, a.value, a.dtype);
    default:
      return e;
  }
}

function bitsOf(e: Call, value: number, from: ScalarType): Expr {
  const to = scalarOf(e.dtype) as "f32" | "i32" | "u32";
  const bits = castBits(value, from, to);
  // Subnormals and the bits of NaN are each device's own.
  return Number.isNaN(bits) || (to === "f32" && bits !== 0 && Math.abs(bits) < 2 ** -126)
    ? e
    : constant(bits, to);
}
