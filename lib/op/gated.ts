import { checkOptions, type Fields } from "../base/check_options.ts";
import { oneOf, required } from "../base/option_kinds.ts";
import { add, cast, constant, isConst, mul } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { compute } from "../te/compute.ts";
import { placeholder, type Tensor } from "../te/tensor.ts";
import { primFunc } from "../te/prim_func.ts";
import { TeError } from "../te/error.ts";
import { ACTIVATIONS } from "./activation.ts";
import { checkTensors, lastOf, sharedFloat, shownShape } from "./check_tensors.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";
import { matrixShape, ROWS_PROGRAM, type RowsProgramOptions } from "./row_reductions.ts";

/** The function of a gate. */
export interface GateOptions {
  /** What the first half of each row goes through. */
  readonly activation: "silu" | "gelu" | "gelu_tanh";
}
const GATE = { activation: required(oneOf("silu", "gelu", "gelu_tanh")) } satisfies Fields<GateOptions>;

/** The options of {@linkcode gated}. */
export interface GatedOptions extends GateOptions, ResultOptions {}
const OPTIONS = { ...GATE, ...RESULT } satisfies Fields<GatedOptions>;

/**
 * Applies the gate of a language model's MLP: `C[…, c] = activation(A[…, c]) · A[…, columns + c]` (Shazeer, arXiv
 * 2002.05202), computed in f32.
 *
 * @param A [..., 2·columns] of f32 or f16
 * @returns C[..., columns], of A's dtype; its name is C by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype, or whose last extent isn't visibly even
 */
export function gated(A: Tensor, options: GatedOptions): Tensor {
  checkTensors("gated", { A });
  checkOptions("op.gated", options, OPTIONS);
  const { lead, last } = lastOf("gated", "A", A, 1, "[…, 2·columns]");
  const dtype = sharedFloat("gated", { A }), columns = halfOf(last[0] as Expr, A);
  const f32 = (x: Expr) => cast("f32", x), activation = ACTIVATIONS[options.activation];
  return compute(options.name ?? "C", [...lead, columns], (...at) => {
    const row = at.slice(0, -1), j = at.at(-1) as Var;
    return cast(dtype, mul(activation(f32(A.at(...row, j))), f32(A.at(...row, add(columns, j)))));
  });
}

/** Half of an extent that is written as an even number, or as some extent times one. */
function halfOf(extent: Expr, A: Tensor): Expr {
  if (isConst(extent) && extent.value % 2 === 0) return constant(extent.value / 2);
  if (extent.kind === "binary" && extent.op === "mul") {
    if (isConst(extent.b) && extent.b.value % 2 === 0) return mul(extent.a, extent.b.value / 2);
    if (isConst(extent.a) && extent.a.value % 2 === 0) return mul(extent.a.value / 2, extent.b);
  }
  throw new TeError(
    `expected A of shape […, 2·columns], got ${
      shownShape(A.shape)
    }, in gated: the last extent has to be an even ` +
      `number, or a product with one`,
  );
}

/** The options of {@linkcode gatedProgram}. */
export interface GatedProgramOptions extends RowsProgramOptions, GateOptions {}
const PROGRAM = { ...ROWS_PROGRAM, ...GATE } satisfies Fields<GatedProgramOptions>;

/**
 * Makes the program of {@linkcode gated} on a matrix. Parameters A[rows, 2·columns], C[rows, columns]; its name is the
 * activation's with `_mul`.
 *
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 */
export function gatedProgram(options: GatedProgramOptions): PrimFunc {
  checkOptions("te.gated", options, PROGRAM);
  const { activation, dtype } = options;
  const { rows, columns } = matrixShape(options);
  const A = placeholder("A", [rows, mul(columns, 2)], dtype);
  return primFunc(`${activation}_mul`, [A, gated(A, { activation })]);
}
