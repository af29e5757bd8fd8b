import type { Fields } from "../base/check_options.ts";
import { flag } from "../base/option_kinds.ts";
import { add, cast, type ExprLike } from "../ir/build.ts";
import type { ScalarType } from "../ir/dtype.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { compute } from "../te/compute.ts";
import { placeholder, type Reduction, type Tensor } from "../te/tensor.ts";
import { type Activation, activationKind, ACTIVATIONS } from "./activation.ts";
import { checkShape, checkTypes } from "./check_tensors.ts";
import { tensor } from "./kinds.ts";

/** What may follow a sum in one operator, in this order: `residual + activation(sum + bias)`, computed in f32. */
export interface EpilogueOptions {
  /** Adds a tensor of floats along the result's channels, one element for each. */
  readonly bias?: Tensor;
  /** Applies a function to each element. Default: none. */
  readonly activation?: Activation;
  /** Adds a tensor of floats of the result's shape. */
  readonly residual?: Tensor;
}

/** The kinds of {@linkcode EpilogueOptions}. */
export const EPILOGUE = {
  bias: tensor,
  activation: activationKind,
  residual: tensor,
} satisfies Fields<EpilogueOptions>;

/** What may follow a sum in one program, in this order: `residual + activation(sum + bias)`, computed in f32. */
export interface EpilogueProgramOptions {
  /** Adds parameter bias, one element for each of the result's channels, of the result's dtype. Default: false. */
  readonly bias?: boolean;
  /** Applies a function to each element. Default: none. */
  readonly activation?: Activation;
  /** Adds parameter residual, of the result's shape and dtype. Default: false. */
  readonly residual?: boolean;
}

/** The kinds of {@linkcode EpilogueProgramOptions}. */
export const EPILOGUE_PROGRAM = {
  bias: flag,
  activation: activationKind,
  residual: flag,
} satisfies Fields<EpilogueProgramOptions>;

/** An epilogue whose tensors are parameters of the program: `extra` lists them in order. */
export interface EpilogueInputs {
  /** The epilogue as the composable operator takes it. */
  readonly options: EpilogueOptions;
  /** Its parameters: bias and residual, where they are asked for. */
  readonly extra: readonly Tensor[];
}

/** Makes the parameters of a program's epilogue. `channel` is the result's dimension that the bias runs along. */
export function epilogueInputs(
  { bias = false, activation, residual = false }: EpilogueProgramOptions,
  shape: readonly ExprLike[],
  channel: number,
  dtype: ScalarType,
): EpilogueInputs {
  const b = bias ? placeholder("bias", [shape[channel] as ExprLike], dtype) : undefined;
  const r = residual ? placeholder("residual", shape, dtype) : undefined;
  return {
    options: { ...(b && { bias: b }), ...(activation && { activation }), ...(r && { residual: r }) },
    extra: [b, r].filter((t) => t !== undefined),
  };
}

/** What the sums before an epilogue stand for. */
export interface Sums {
  /** The type of the sums. */
  readonly dtype: ScalarType;
  /** The f32 that a sum stands for. */
  readonly value: (sum: Expr, at: readonly Var[]) => Expr;
}
const FLOATS: Sums = { dtype: "f32", value: (sum) => sum };

/** The result of an operator with an epilogue. */
export interface Result {
  /** The operator, for messages. */
  readonly operator: string;
  /** The name of the result. */
  readonly name: string;
  /** The shape of the result. */
  readonly shape: readonly Expr[];
  /** The type of the result. */
  readonly dtype: ScalarType;
  /** The dimension that the bias runs along. */
  readonly channel: number;
}

/**
 * Makes the tensor of sums with its epilogue. The sums are in f32 unless `sums` says otherwise; the epilogue is in f32,
 * and is cast to the result's dtype at the end. Without an epilogue, a sum of that dtype is the result itself.
 *
 * @throws {TeError} for a bias or a residual that doesn't fit the result
 */
export function withEpilogue(
  { operator, name, shape, dtype, channel }: Result,
  value: (...at: readonly Var[]) => Expr | Reduction,
  { bias, activation = "none", residual }: EpilogueOptions,
  sums: Sums = FLOATS,
): Tensor {
  checkTypes(operator, { ...(bias && { bias }), ...(residual && { residual }) }, "f32", "f16");
  if (bias) checkShape(operator, "bias", bias, [shape[channel] as Expr], "to match the result's channels");
  if (residual) checkShape(operator, "residual", residual, shape, "to match the result");
  if (!bias && activation === "none" && !residual && dtype === sums.dtype) return compute(name, shape, value);
  const total = compute(`${name}_sum`, shape, value);
  return compute(name, shape, (...at) => {
    const sum = sums.value(total.at(...at), at);
    const shifted = bias ? add(sum, cast("f32", bias.at(at[channel] as Var))) : sum;
    const active = ACTIVATIONS[activation](shifted);
    return cast(dtype, residual ? add(cast("f32", residual.at(...at)), active) : active);
  });
}
