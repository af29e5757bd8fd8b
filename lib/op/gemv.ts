import { checkOptions, type Fields } from "../base/check_options.ts";
import { flag, oneOf, required } from "../base/option_kinds.ts";
import { cast, constant, mul } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { printExpr } from "../ir/print.ts";
import { placeholder, type Tensor } from "../te/tensor.ts";
import { primFunc } from "../te/prim_func.ts";
import { reduceAxis, sum } from "../te/reduce.ts";
import { type Dim, dims } from "../te/dimension.ts";
import { TeError } from "../te/error.ts";
import { checkShape, checkTensors, shapeOfRank } from "./check_tensors.ts";
import { decoded, packedInputs, type Q4Layout, q4Layout } from "./dequantize_q4.ts";
import {
  EPILOGUE,
  EPILOGUE_PROGRAM,
  epilogueInputs,
  type EpilogueOptions,
  type EpilogueProgramOptions,
  withEpilogue,
} from "./epilogue.ts";
import { dimension, RESULT, type ResultOptions, tensor } from "./kinds.ts";
import { dotBytes, isOfBytes, scaledSums, scaleInput, scalesOf, wordsOf } from "./packed_bytes.ts";
import { operandType } from "./product_types.ts";

/** The options of {@linkcode gemv}. */
export interface GemvOptions extends EpilogueOptions, ResultOptions {
  /** The matrix is [k, n] and not [n, k]: x·A and not A·x. Default: false. */
  readonly transposeA?: boolean;
  /**
   * The dtype of the result. Default: x's, or i32 for bytes. Sums of bytes are the result as they are (i32), or are
   * scaled to f32 or f16: `scaleA[n]·scaleX[0]·Σ`.
   */
  readonly out?: "f32" | "f16" | "i32";
  /** The scales of A's rows [n], for bytes and out f32 or f16. */
  readonly scaleA?: Tensor;
  /** The scale of the vector [1], for bytes and out f32 or f16. */
  readonly scaleX?: Tensor;
}
const OPTIONS = {
  transposeA: flag,
  out: oneOf("f32", "f16", "i32"),
  scaleA: tensor,
  scaleX: tensor,
  ...EPILOGUE,
  ...RESULT,
} satisfies Fields<GemvOptions>;

/**
 * Multiplies a matrix by a vector: `y[n] = Σ_k A[n, k]·x[k]`, summed in f32. A and x of u32 are signed bytes, four along
 * k in a word; their sums are in i32.
 *
 * @param A [n, k] of f32 or f16, or u32[n, k/4]
 * @param x [k] of f32 or f16, or u32[k/4]
 * @returns y[n]; its name is y by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together, or options that exclude each other
 */
export function gemv(A: Tensor, x: Tensor, options: GemvOptions = {}): Tensor {
  checkTensors("gemv", { A, x });
  checkOptions("op.gemv", options, OPTIONS);
  const { transposeA = false, scaleA, scaleX, name = "y" } = options;
  const bytes = isOfBytes("gemv", { A, x }, options, [scaleA, scaleX]);
  const shape = shapeOfRank("gemv", "A", A, 2, transposeA ? "[k, n]" : "[n, k]");
  const [n, k] = (transposeA ? shape.toReversed() : shape) as [Expr, Expr];
  checkShape("gemv", "x", x, [k], `to match A's ${bytes ? "words along k" : "k"} = ${printExpr(k)}`);
  const axis = reduceAxis(k);
  const product = (j: Var) => {
    const a = transposeA ? A.at(axis.var, j) : A.at(j, axis.var), b = x.at(axis.var);
    return bytes ? dotBytes(a, b) : mul(cast("f32", a), cast("f32", b));
  };
  const scales = [
    ...(scaleA ? [scalesOf("gemv", "scaleA", scaleA, [n], (at) => at)] : []),
    ...(scaleX ? [scalesOf("gemv", "scaleX", scaleX, [constant(1)], () => [constant(0)])] : []),
  ];
  return withEpilogue(
    { operator: "gemv", name, shape: [n], dtype: options.out ?? (bytes ? "i32" : x.dtype), channel: 0 },
    (j) => sum(product(j as Var), [axis]),
    options,
    bytes ? scaledSums(scales) : undefined,
  );
}

/** The options of {@linkcode gemvProgram}. */
export interface GemvProgramOptions extends EpilogueProgramOptions {
  /** Elements of the result. */
  readonly n: Dim;
  /** Elements of the vector: the length of each sum. */
  readonly k: Dim;
  /** The matrix is [k, n] and not [n, k]: x·A and not A·x. Default: false. */
  readonly transposeA?: boolean;
  /**
   * The dtype of A, x and y; sums are in f32. Default: f32, or f16 beside weights of q4f16_1. `i8`: A and x are signed
   * bytes, four along k in a u32 (A u32[n, k/4], x u32[k/4]; k is a number that 4 divides), and sums are in i32.
   */
  readonly dtype?: "f32" | "f16" | "i8";
  /** The matrix comes as 4-bit weights of an A[n, k]: parameters W_q and W_scale in its place. Default: A as it is. */
  readonly weights?: Q4Layout;
  /**
   * The dtype of the result alone. Default: that of the operands, or i32 for i8. Sums of i8 are the result as they are
   * (i32), or are scaled to f32 or f16: `A_scale[n]·x_scale[0]·Σ`.
   */
  readonly out?: "f32" | "f16" | "i32";
}
const PROGRAM = {
  n: required(dimension),
  k: required(dimension),
  transposeA: flag,
  dtype: oneOf("f32", "f16", "i8"),
  weights: q4Layout,
  out: oneOf("f32", "f16", "i32"),
  ...EPILOGUE_PROGRAM,
} satisfies Fields<GemvProgramOptions>;

/**
 * Makes the program of a matrix-vector product, as {@linkcode gemv} computes it. Parameters A[n, k] (or
 * W_q u32[n, 4·ceil(k/32)] and W_scale[n, ceil(k/32)]), x[k], A_scale[n] and x_scale[1] if sums of i8 are scaled,
 * bias[n] and residual[n] if they are asked for, y[n].
 *
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 * @throws {TeError} for options that exclude each other
 */
export function gemvProgram(options: GemvProgramOptions): PrimFunc {
  checkOptions("te.gemv", options, PROGRAM);
  const { transposeA, weights, out, dtype } = options;
  const type = operandType("gemv", options);
  if (weights && transposeA) {
    throw new TeError(
      `expected no transposeA beside weights = ${weights} in gemv: 4-bit weights are always [n, k]; leave it out`,
    );
  }
  const { n, k } = dims({ n: options.n, k: options.k });
  const bytes = dtype === "i8", length = bytes ? wordsOf("gemv", k) : k;
  const inputs = weights
    ? packedInputs(weights, n, k)
    : [placeholder("A", transposeA ? [length, n] : [n, length], type)];
  const A = weights ? decoded(...inputs as [Tensor, Tensor], k) : inputs[0] as Tensor;
  const x = placeholder("x", [length], type);
  const scales = bytes && out !== undefined && out !== "i32"
    ? [scaleInput("A", [n]), scaleInput("x", [constant(1)])] as const
    : [];
  const epilogue = epilogueInputs(options, [n], 0, out ?? (bytes ? "i32" : type));
  const y = gemv(A, x, {
    ...(transposeA !== undefined && { transposeA }),
    ...(out !== undefined && { out }),
    ...(scales.length > 0 && { scaleA: scales[0], scaleX: scales[1] }),
    ...epilogue.options,
  });
  return primFunc("gemv", [...inputs, x, ...scales, ...epilogue.extra, y]);
}
