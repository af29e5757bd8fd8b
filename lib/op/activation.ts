/** Functions of one element. */
import type { Kind } from "../base/check_options.ts";
import { oneOf } from "../base/option_kinds.ts";
import { add, call, constant, div, max, min, mul, sub } from "../ir/build.ts";
import type { ScalarType } from "../ir/dtype.ts";
import type { Expr } from "../ir/expr.ts";

/** A function that an operator applies to each element of its result; `none` leaves it as it is. */
export type Activation = "none" | "relu" | "relu6" | "silu" | "gelu" | "gelu_tanh";

/** The kind of an option that is an activation. */
export const activationKind: Kind<Activation> = oneOf("none", "relu", "relu6", "silu", "gelu", "gelu_tanh");

/** Each activation of `x`, in the dtype of `x`. */
export const ACTIVATIONS: Readonly<Record<Activation, (x: Expr) => Expr>> = {
  none: (x) => x,
  relu: (x) => max(x, like(x, 0)),
  relu6: (x) => min(max(x, like(x, 0)), like(x, 6)),
  silu: (x) => div(x, add(like(x, 1), call("exp", sub(like(x, 0), x)))),
  gelu: (x) => half(x, call("erf", mul(x, like(x, Math.SQRT1_2)))),
  // The approximation of Hendrycks and Gimpel (arXiv 1606.08415).
  gelu_tanh: (x) =>
    half(
      x,
      call("tanh", mul(like(x, Math.sqrt(2 / Math.PI)), add(x, mul(like(x, 0.044715), mul(x, mul(x, x)))))),
    ),
};

/** `x/2 · (1 + inner)` */
function half(x: Expr, inner: Expr): Expr {
  return mul(mul(like(x, 0.5), x), add(like(x, 1), inner));
}

function like(x: Expr, value: number): Expr {
  return constant(value, x.dtype as ScalarType);
}
