import { add, cast, type ExprLike } from "../ir/build.ts";
import type { ScalarType } from "../ir/dtype.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { type Activation, ACTIVATIONS } from "./activation.ts";
import { compute, placeholder, type Reduction, type Tensor } from "../te/compute.ts";

/** What may follow a sum in one operator, in this order: `residual + activation(sum + bias)`. */
export interface EpilogueOptions {
  /** Adds parameter bias, one element for each of the result's channels, of its dtype. */
  readonly bias?: boolean;
  /** Default "none". */
  readonly activation?: Activation;
  /** Adds parameter residual, of the result's shape and dtype. */
  readonly residual?: boolean;
}

/** What the sums are that an epilogue follows on. */
export interface Sums {
  readonly dtype: ScalarType;
  /** The f32 that a sum stands for. */
  readonly value: (sum: Expr, at: readonly Var[]) => Expr;
}
const FLOATS: Sums = { dtype: "f32", value: (sum) => sum };

/** A result, and the parameters that its epilogue takes. */
export interface Finished {
  readonly result: Tensor;
  readonly extra: readonly Tensor[];
}

/**
 * The tensor of sums (in f32 unless `sums` says otherwise) with its epilogue (in f32), cast to `dtype` at the end.
 * Without an epilogue a sum in that dtype is the result itself. `channel` is the result's axis that the bias runs
 * along.
 */
export function finished(
  name: string,
  shape: readonly ExprLike[],
  dtype: ScalarType,
  channel: number,
  value: (...at: readonly Var[]) => Expr | Reduction,
  { bias = false, activation = "none", residual = false }: EpilogueOptions = {},
  sums: Sums = FLOATS,
): Finished {
  const plain = !bias && activation === "none" && !residual;
  if (plain && dtype === sums.dtype) return { result: compute(name, shape, value), extra: [] };
  const total = compute(`${name}_sum`, shape, value);
  const b = bias ? placeholder("bias", [shape[channel] as ExprLike], dtype) : undefined;
  const r = residual ? placeholder("residual", shape, dtype) : undefined;
  const result = compute(name, shape, (...at) => {
    const sum = sums.value(total.at(...at), at);
    const shifted = b ? add(sum, cast("f32", b.at(at[channel] as Var))) : sum;
    const active = ACTIVATIONS[activation](shifted);
    return cast(dtype, r ? add(cast("f32", r.at(...at)), active) : active);
  });
  return { result, extra: [b, r].filter((t) => t !== undefined) };
}
