/** Operators that take each element by itself. */
import { add as plus, call, constant, div, mul as times, sub } from "../ir/build.ts";
import type { ScalarType } from "../ir/dtype.ts";
import type { Expr } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { compute, type Dim, dims, placeholder, primFunc } from "./compute.ts";

export interface ElementwiseOptions {
  readonly shape: readonly Dim[];
  /** Default f32. */
  readonly dtype?: "f32" | "f16";
}

function shapeOf(operator: string, shape: readonly Dim[]): readonly Expr[] {
  return Object.values(dims(operator, Object.fromEntries(shape.map((d, k) => [`shape[${k}]`, d]))));
}

function unary(name: string, options: ElementwiseOptions, f: (x: Expr, like: ScalarType) => Expr): PrimFunc {
  const shape = shapeOf(name, options.shape);
  const { dtype = "f32" } = options;
  const A = placeholder("A", shape, dtype);
  const B = compute("B", shape, (...at) => f(A.at(...at), dtype));
  return primFunc(name, [A, B]);
}

function pairwise(name: string, options: ElementwiseOptions, f: (x: Expr, y: Expr) => Expr): PrimFunc {
  const shape = shapeOf(name, options.shape);
  const { dtype = "f32" } = options;
  const A = placeholder("A", shape, dtype), B = placeholder("B", shape, dtype);
  const C = compute("C", shape, (...at) => f(A.at(...at), B.at(...at)));
  return primFunc(name, [A, B, C]);
}

/** `C = A + B`. Parameters A, B, C. */
export function add(options: ElementwiseOptions): PrimFunc {
  return pairwise("add", options, plus);
}

/** `C = A · B`. Parameters A, B, C. */
export function mul(options: ElementwiseOptions): PrimFunc {
  return pairwise("mul", options, times);
}

/** `B = A / (1 + exp(-A))`. Parameters A, B. */
export function silu(options: ElementwiseOptions): PrimFunc {
  return unary("silu", options, (x, t) => div(x, plus(constant(1, t), call("exp", sub(constant(0, t), x)))));
}

/**
 * `B = A·Φ(A)` with the normal distribution's Φ: by erf, or by the tanh approximation of Hendrycks and
 * Gimpel (arXiv 1606.08415). Parameters A, B.
 */
export function gelu(options: ElementwiseOptions & { readonly approximate?: "none" | "tanh" }): PrimFunc {
  const { approximate = "none" } = options;
  return unary("gelu", options, (x, t) => {
    const c = (v: number) => constant(v, t);
    const inner = approximate === "none"
      ? call("erf", times(x, c(Math.SQRT1_2)))
      : call("tanh", times(c(Math.sqrt(2 / Math.PI)), plus(x, times(c(0.044715), times(x, times(x, x))))));
    return times(times(c(0.5), x), plus(c(1), inner));
  });
}
