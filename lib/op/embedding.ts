import { checkOptions, type Fields } from "../base/check_options.ts";
import { required } from "../base/option_kinds.ts";
import { max, min, sub } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { compute } from "../te/compute.ts";
import { placeholder, type Tensor } from "../te/tensor.ts";
import { primFunc } from "../te/prim_func.ts";
import { type Dim, dims } from "../te/dimension.ts";
import { TeError } from "../te/error.ts";
import { checkTensors, checkTypes, shapeOfRank } from "./check_tensors.ts";
import { decoded, packedInputs, type Q4Layout, q4Layout, typeOf } from "./dequantize_q4.ts";
import { elementAt } from "./element_at.ts";
import { dimension, floatType, RESULT, type ResultOptions } from "./kinds.ts";

/**
 * Looks up rows of a table: `B[…, c] = W[ids[…], c]`. An id outside of the table is taken to its nearest row. A table
 * that is computed element by element, as `op.dequantizeQ4` does, is computed at those rows only.
 *
 * @param W the table [vocabulary, columns], of any dtype
 * @param ids the rows' numbers, i32 of any shape
 * @returns B[..., columns], of W's dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function embedding(W: Tensor, ids: Tensor, options: ResultOptions = {}): Tensor {
  checkTensors("embedding", { W, ids });
  checkOptions("op.embedding", options, RESULT);
  checkTypes("embedding", { ids }, "i32");
  const [vocabulary, columns] = shapeOfRank("embedding", "W", W, 2, "[vocabulary, columns]") as [Expr, Expr];
  return compute(options.name ?? "B", [...ids.shape, columns], (...at) => {
    const row = max(min(ids.at(...at.slice(0, -1)), sub(vocabulary, 1)), 0);
    return elementAt(W, row, at.at(-1) as Var);
  });
}

/** The options of {@linkcode embeddingProgram}. */
export interface EmbeddingProgramOptions {
  /** The number of tokens that are looked up. */
  readonly rows: Dim;
  /** Rows of the table. */
  readonly vocabulary: Dim;
  /** Columns of the table. */
  readonly columns: Dim;
  /** The dtype of the table and the result. Default: f32, or what the weights are decoded to. */
  readonly dtype?: "f32" | "f16";
  /** The table comes as 4-bit weights: parameters W_q and W_scale in its place. Default: W as it is. */
  readonly weights?: Q4Layout;
}
const PROGRAM = {
  rows: required(dimension),
  vocabulary: required(dimension),
  columns: required(dimension),
  dtype: floatType,
  weights: q4Layout,
} satisfies Fields<EmbeddingProgramOptions>;

/**
 * Makes the program of {@linkcode embedding}. Parameters W[vocabulary, columns] (or
 * W_q u32[vocabulary, 4·ceil(columns/32)] and W_scale[vocabulary, ceil(columns/32)]), ids i32[rows], B[rows, columns].
 *
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 * @throws {TeError} for a dtype that isn't what the weights are decoded to
 */
export function embeddingProgram(options: EmbeddingProgramOptions): PrimFunc {
  checkOptions("te.embedding", options, PROGRAM);
  const { weights, dtype } = options;
  if (weights && dtype && dtype !== typeOf(weights)) {
    throw new TeError(
      `expected no dtype = ${dtype} beside weights = ${weights} in embedding: they are decoded to ` +
        `${typeOf(weights)}; leave it out`,
    );
  }
  const { rows, vocabulary, columns } = dims({
    rows: options.rows,
    vocabulary: options.vocabulary,
    columns: options.columns,
  });
  const inputs = weights
    ? packedInputs(weights, vocabulary, columns)
    : [placeholder("W", [vocabulary, columns], dtype)];
  const W = weights ? decoded(...inputs as [Tensor, Tensor], columns) : inputs[0] as Tensor;
  const ids = placeholder("ids", [rows], "i32", { below: vocabulary });
  return primFunc("embedding", [...inputs, ids, embedding(W, ids)]);
}
