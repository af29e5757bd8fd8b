/** Operators that take each element by itself. */
import { add as plus, cast, mul as times } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { ACTIVATIONS } from "./activation.ts";
import { compute, type Dim, dims, placeholder, primFunc } from "../te/compute.ts";

export interface ElementwiseOptions {
  /** Of all tensors. */
  readonly shape: readonly Dim[];
  /** Of all tensors, and of the arithmetic. Default f32. */
  readonly dtype?: "f32" | "f16";
}

function shapeOf(operator: string, shape: readonly Dim[]): readonly Expr[] {
  return Object.values(dims(operator, Object.fromEntries(shape.map((d, k) => [`shape[${k}]`, d]))));
}

function unary(name: string, options: ElementwiseOptions, f: (x: Expr) => Expr): PrimFunc {
  const shape = shapeOf(name, options.shape);
  const { dtype = "f32" } = options;
  const A = placeholder("A", shape, dtype);
  const B = compute("B", shape, (...at) => f(A.at(...at)));
  return primFunc(name, [A, B]);
}

function pairwise(name: string, options: ElementwiseOptions, f: (x: Expr, y: Expr) => Expr): PrimFunc {
  const shape = shapeOf(name, options.shape);
  const { dtype = "f32" } = options;
  const A = placeholder("A", shape, dtype), B = placeholder("B", shape, dtype);
  const C = compute("C", shape, (...at) => f(A.at(...at), B.at(...at)));
  return primFunc(name, [A, B, C]);
}

/**
 * `C = A + B`, element by element. Parameters A, B, C.
 *
 * @throws {TeError} for an impossible extent
 */
export function add(options: ElementwiseOptions): PrimFunc {
  return pairwise("add", options, plus);
}

/**
 * `C = A · B`, element by element. Parameters A, B, C.
 *
 * @throws {TeError} for an impossible extent
 */
export function mul(options: ElementwiseOptions): PrimFunc {
  return pairwise("mul", options, times);
}

/**
 * `B = A / (1 + exp(-A))`. Parameters A, B.
 *
 * @throws {TeError} for an impossible extent
 */
export function silu(options: ElementwiseOptions): PrimFunc {
  return unary("silu", options, ACTIVATIONS.silu);
}

/**
 * `B = max(A, 0)`. Parameters A, B.
 *
 * @throws {TeError} for an impossible extent
 */
export function relu(options: ElementwiseOptions): PrimFunc {
  return unary("relu", options, ACTIVATIONS.relu);
}

/**
 * `B = A·Φ(A)` with the normal distribution's Φ: by erf, or by the tanh approximation of Hendrycks and
 * Gimpel (arXiv 1606.08415). Parameters A, B.
 *
 * @throws {TeError} for an impossible extent
 */
export function gelu(options: ElementwiseOptions & { readonly approximate?: "none" | "tanh" }): PrimFunc {
  return unary("gelu", options, ACTIVATIONS[options.approximate === "tanh" ? "gelu_tanh" : "gelu"]);
}

/**
 * The gate of a language model's MLP: `C[r, c] = activation(A[r, c]) · A[r, columns + c]`, computed in f32.
 * Parameters A[rows, 2·columns], C[rows, columns].
 *
 * @throws {TeError} for an impossible extent
 */
export function gated(
  options: {
    readonly rows: Dim;
    readonly columns: Dim;
    readonly activation: "silu" | "gelu" | "gelu_tanh";
    readonly dtype?: "f32" | "f16";
  },
): PrimFunc {
  const { activation, dtype = "f32" } = options;
  const { rows, columns } = dims("gated", { rows: options.rows, columns: options.columns });
  const A = placeholder("A", [rows, times(columns, 2)], dtype);
  const f32 = (x: Expr) => cast("f32", x);
  const C = compute(
    "C",
    [rows, columns],
    (i, j) => cast(dtype, times(ACTIVATIONS[activation](f32(A.at(i, j))), f32(A.at(i, plus(columns, j))))),
  );
  return primFunc(`${activation}_mul`, [A, C]);
}
