/** The types of expressions in WebAssembly. */
import { linearOf } from "../../arith/linear.ts";
import { isFloat, lanesOf, scalarOf, type ScalarType } from "../../ir/dtype.ts";
import type { Expr } from "../../ir/expr.ts";
import { LowerError } from "../../lower/error.ts";
import type { WasmType } from "./opcodes.ts";

/** The type of a scalar's value. */
export function wasmType(dtype: ScalarType): WasmType {
  return isFloat(dtype) ? "f32" : "i32";
}

/** Gives the lane of a constant index in a vector. */
export function laneIn(index: Expr): number | undefined {
  const { terms, constant: at } = linearOf(index);
  return terms.size === 0 ? at & 3 : undefined;
}

/** The type that an expression has on the stack. */
export function typeOf(e: Expr): WasmType {
  return isVector(e) ? "v128" : wasmType(scalarOf(e.dtype));
}

/** Tells whether an expression has four lanes. */
export function isVector(e: Expr): boolean {
  const lanes = lanesOf(e.dtype);
  if (lanes === 2) {
    throw new LowerError("cannot print a vector of two as WebAssembly: vectors have four lanes");
  }
  return lanes === 4;
}
