import { checkOptions, type Fields } from "../base/check_options.ts";
import { flag, oneOf, required } from "../base/option_kinds.ts";
import { cast, mul } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { printExpr } from "../ir/print.ts";
import { placeholder, type Tensor } from "../te/tensor.ts";
import { primFunc } from "../te/prim_func.ts";
import { reduceAxis, sum } from "../te/reduce.ts";
import { type Dim, dims } from "../te/dimension.ts";
import { checkShape, checkTensors, lastOf } from "./check_tensors.ts";
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

/** The options of {@linkcode matmul}. */
export interface MatmulOptions extends EpilogueOptions, ResultOptions {
  /** A is [k, m] and not [m, k]. Default: false. */
  readonly transposeA?: boolean;
  /** B is [n, k] and not [k, n]: the layout of linear layers' weights. Default: false; always true for bytes. */
  readonly transposeB?: boolean;
  /**
   * The dtype of the result. Default: A's, or i32 for bytes. Sums of bytes are the result as they are (i32), or are
   * scaled to f32 or f16: `scaleA[m]·scaleB[n]·Σ`.
   */
  readonly out?: "f32" | "f16" | "i32";
  /** The scales of A's rows [m], for bytes and out f32 or f16. */
  readonly scaleA?: Tensor;
  /** The scales of B's rows [n], for bytes and out f32 or f16. */
  readonly scaleB?: Tensor;
}
/** The kinds of {@linkcode MatmulOptions}. */
export const MATMUL = {
  transposeA: flag,
  transposeB: flag,
  out: oneOf("f32", "f16", "i32"),
  scaleA: tensor,
  scaleB: tensor,
  ...EPILOGUE,
  ...RESULT,
} satisfies Fields<MatmulOptions>;

/**
 * Multiplies matrices: `C[…, m, n] = Σ_k A[…, m, k]·B[…, k, n]`, summed in f32.
 *
 * Leading dimensions are a batch. B has the same ones, or none: then all of the batch share it. A and B of u32 are
 * signed bytes, four along k in a word; their sums are in i32.
 *
 * @param A [m, k] of f32 or f16, or u32[m, k/4]
 * @param B [k, n] of f32 or f16, or u32[n, k/4]
 * @returns C[m, n]; its name is C by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together, or options that exclude each other
 */
export function matmul(A: Tensor, B: Tensor, options: MatmulOptions = {}): Tensor {
  checkTensors("matmul", { A, B });
  checkOptions("op.matmul", options, MATMUL);
  const { transposeA = false, scaleA, scaleB, name = "C" } = options;
  const bytes = isOfBytes("matmul", { A, B }, options, [scaleA, scaleB]);
  const nk = bytes || options.transposeB === true;
  const a = lastOf("matmul", "A", A, 2, transposeA ? "[…, k, m]" : "[…, m, k]");
  const b = lastOf("matmul", "B", B, 2, nk ? "[…, n, k]" : "[…, k, n]");
  const [m, k] = (transposeA ? a.last.toReversed() : a.last) as [Expr, Expr];
  const n = b.last[nk ? 0 : 1] as Expr;
  const shared = b.lead.length === 0;
  checkShape(
    "matmul",
    "B",
    B,
    [...(shared ? [] : a.lead), ...(nk ? ["n", k] : [k, "n"])],
    `to match A's ${bytes ? "words along k" : "k"} = ${printExpr(k)}`,
  );
  const axis = reduceAxis(k);
  const product = (...at: readonly Var[]): Expr => {
    const [i, j] = at.slice(-2) as [Var, Var];
    const first = at.slice(0, -2);
    const x = A.at(...first, ...(transposeA ? [axis.var, i] : [i, axis.var]));
    const y = B.at(...(shared ? [] : first), ...(nk ? [j, axis.var] : [axis.var, j]));
    return bytes ? dotBytes(x, y) : mul(cast("f32", x), cast("f32", y));
  };
  const ofRow = (at: readonly Var[]) => at.slice(0, -1);
  const ofColumn = (at: readonly Var[]) => [...(shared ? [] : at.slice(0, -2)), at.at(-1) as Var];
  const scales = [
    ...(scaleA ? [scalesOf("matmul", "scaleA", scaleA, [...a.lead, m], ofRow)] : []),
    ...(scaleB ? [scalesOf("matmul", "scaleB", scaleB, [...b.lead, n], ofColumn)] : []),
  ];
  const shape = [...a.lead, m, n], dtype = options.out ?? (bytes ? "i32" : A.dtype);
  return withEpilogue(
    { operator: "matmul", name, shape, dtype, channel: shape.length - 1 },
    (...at) => sum(product(...at), [axis]),
    options,
    bytes ? scaledSums(scales) : undefined,
  );
}

/** The options of {@linkcode matmulProgram}. */
export interface MatmulProgramOptions extends EpilogueProgramOptions {
  /** Rows of A and C. */
  readonly m: Dim;
  /** Columns of B and C. */
  readonly n: Dim;
  /** Columns of A and rows of B: the length of each sum. */
  readonly k: Dim;
  /** A leading dimension of A, B and C. 4-bit weights don't have it: all of the batch share them. Default: none. */
  readonly batch?: Dim;
  /** A is [k, m] and not [m, k]. Default: false. */
  readonly transposeA?: boolean;
  /** B is [n, k] and not [k, n]: the layout of linear layers' weights. Default: false; always true for i8 and weights. */
  readonly transposeB?: boolean;
  /**
   * The dtype of A, B and C; sums are in f32. Default: f32, or f16 beside weights of q4f16_1. `i8`: A and B are signed
   * bytes, four along k in a u32 (A u32[m, k/4], B u32[n, k/4]; k is a number that 4 divides), and sums are in i32.
   */
  readonly dtype?: "f32" | "f16" | "i8";
  /** B comes as 4-bit weights of a B[n, k]: parameters W_q and W_scale in its place. Default: B as it is. */
  readonly weights?: Q4Layout;
  /**
   * The dtype of the result alone. Default: that of the operands, or i32 for i8. Sums of i8 are the result as they are
   * (i32), or are scaled to f32 or f16: `A_scale[m]·B_scale[n]·Σ`.
   */
  readonly out?: "f32" | "f16" | "i32";
}
const PROGRAM = {
  m: required(dimension),
  n: required(dimension),
  k: required(dimension),
  batch: dimension,
  transposeA: flag,
  transposeB: flag,
  dtype: oneOf("f32", "f16", "i8"),
  weights: q4Layout,
  out: oneOf("f32", "f16", "i32"),
  ...EPILOGUE_PROGRAM,
} satisfies Fields<MatmulProgramOptions>;

/**
 * Makes the program of a matrix product, as {@linkcode matmul} computes it. Parameters A[m, k], B[k, n] (or
 * W_q u32[n, 4·ceil(k/32)] and W_scale[n, ceil(k/32)]), A_scale[m] and B_scale[n] if sums of i8 are scaled, bias[n] and
 * residual[m, n] if they are asked for, C[m, n].
 *
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 * @throws {TeError} for options that exclude each other
 */
export function matmulProgram(options: MatmulProgramOptions): PrimFunc {
  checkOptions("te.matmul", options, PROGRAM);
  const { batch, transposeA, transposeB, weights, out, dtype } = options;
  const type = operandType("matmul", options);
  const { m, n, k, batch: b } = dims({ m: options.m, n: options.n, k: options.k, batch: batch ?? 1 });
  const bytes = dtype === "i8", lead = batch === undefined ? [] : [b];
  const length = bytes ? wordsOf("matmul", k) : k;
  const nk = transposeB === true || weights !== undefined || bytes;
  const A = placeholder("A", [...lead, ...(transposeA ? [length, m] : [m, length])], type);
  const inputs = weights
    ? packedInputs(weights, n, k)
    : [placeholder("B", [...lead, ...(nk ? [n, length] : [length, n])], type)];
  const B = weights ? decoded(...inputs as [Tensor, Tensor], k) : inputs[0] as Tensor;
  const scales = bytes && out !== undefined && out !== "i32"
    ? [scaleInput("A", [...lead, m]), scaleInput("B", [...lead, n])] as const
    : [];
  const shape = [...lead, m, n];
  const result = out ?? (bytes ? "i32" : type);
  const epilogue = epilogueInputs(options, shape, shape.length - 1, result);
  const C = matmul(A, B, {
    ...(transposeA !== undefined && { transposeA }),
    ...(bytes ? transposeB !== undefined && { transposeB } : { transposeB: nk }),
    ...(out !== undefined && { out }),
    ...(scales.length > 0 && { scaleA: scales[0], scaleB: scales[1] }),
    ...epilogue.options,
  });
  return primFunc("matmul", [A, ...inputs, ...scales, ...epilogue.extra, C]);
}
