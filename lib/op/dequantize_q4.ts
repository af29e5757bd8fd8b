import { checkOptions, type Fields, type Kind } from "../base/check_options.ts";
import { oneOf, required } from "../base/option_kinds.ts";
import { binary, cast, ceilDiv, constant, floorDiv, floorMod, mul, sub } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { compute } from "../te/compute.ts";
import { placeholder, type Tensor } from "../te/tensor.ts";
import { primFunc } from "../te/prim_func.ts";
import { type Dim, dims, shapeVariable } from "../te/dimension.ts";
import { TeError } from "../te/error.ts";
import { checkShape, checkTensors, checkTypes, shapeOfRank } from "./check_tensors.ts";
import { dimension, RESULT, type ResultOptions } from "./kinds.ts";

/**
 * MLC's 4-bit layouts: groups of 32 along k share a scale; eight weights to a u32, the first in the lowest bits;
 * `w = (nibble - 7)·scale`. `q4f16_1` has f16 scales and weights, `q4f32_1` f32.
 */
export type Q4Layout = "q4f16_1" | "q4f32_1";

/** The kind of an option that is a 4-bit layout. */
export const q4Layout: Kind<Q4Layout> = oneOf("q4f16_1", "q4f32_1");

/** The weights that share one scale. */
export const GROUP = 32;
/** The weights in one u32. */
export const PER_WORD = 8;

/** The options of {@linkcode dequantizeQ4}. */
export interface DequantizeQ4Options extends ResultOptions {
  /** Columns of the weights. Default: all that W_q has room for, if that is a number. */
  readonly k?: Dim;
}
const OPTIONS = { ...RESULT, k: dimension } satisfies Fields<DequantizeQ4Options>;

/**
 * Decodes 4-bit weights: `W[i, j] = (nibble(W_q[i, j/8], j%8) - 7)·W_scale[i, j/32]`, of the scale's dtype.
 *
 * @param W_q the weights, u32[n, 4·ceil(k/32)]
 * @param W_scale the scales, f16 or f32[n, ceil(k/32)]
 * @returns W[n, k]; its name is W by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function dequantizeQ4(W_q: Tensor, W_scale: Tensor, options: DequantizeQ4Options = {}): Tensor {
  checkTensors("dequantizeQ4", { W_q, W_scale });
  checkOptions("op.dequantizeQ4", options, OPTIONS);
  const words = shapeOfRank("dequantizeQ4", "W_q", W_q, 2, "[n, words]")[1] as Expr;
  if (options.k === undefined && words.kind !== "const") {
    throw new TeError(
      "expected option k in dequantizeQ4: the number of columns doesn't follow from W_q's shape",
    );
  }
  const { k } = options;
  const columns = typeof k === "string"
    ? shapeVariable(k)
    : constant(k ?? (words.kind === "const" ? words.value * PER_WORD : 0));
  return decoded(W_q, W_scale, columns, options.name);
}

/**
 * Decodes 4-bit weights with `k` columns; see {@linkcode dequantizeQ4}.
 *
 * @throws {TeError} for tensors that don't fit together
 */
export function decoded(W_q: Tensor, W_scale: Tensor, k: Expr, name = "W"): Tensor {
  const operator = "dequantizeQ4", dtype = W_scale.dtype, groups = ceilDiv(k, GROUP);
  const n = shapeOfRank(operator, "W_q", W_q, 2, "[n, words]")[0] as Expr;
  checkTypes(operator, { W_q }, "u32");
  checkTypes(operator, { W_scale }, "f16", "f32");
  checkShape(operator, "W_q", W_q, [n, mul(groups, GROUP / PER_WORD)], "to hold k columns");
  checkShape(operator, "W_scale", W_scale, [n, groups], "to hold a scale for each 32 columns");
  return compute(name, [n, k], (i, j) => {
    const shift = cast("u32", mul(floorMod(j as Expr, PER_WORD), 4));
    const nibble = binary(
      "bitand",
      binary("shr", W_q.at(i as Expr, floorDiv(j as Expr, PER_WORD)), shift),
      constant(15, "u32"),
    );
    return mul(
      sub(cast(dtype, nibble), constant(7, dtype)),
      W_scale.at(i as Expr, floorDiv(j as Expr, GROUP)),
    );
  });
}

/** Makes the parameters of 4-bit weights W[n, k]: W_q u32[n, 4·ceil(k/32)] and W_scale[n, ceil(k/32)]. */
export function packedInputs(layout: Q4Layout, n: Expr, k: Expr): readonly [W_q: Tensor, W_scale: Tensor] {
  const groups = ceilDiv(k, GROUP);
  return [
    placeholder("W_q", [n, mul(groups, GROUP / PER_WORD)], "u32"),
    placeholder("W_scale", [n, groups], typeOf(layout)),
  ];
}

/** Gives the dtype of a layout's scales and weights. */
export function typeOf(layout: Q4Layout): "f16" | "f32" {
  return layout === "q4f16_1" ? "f16" : "f32";
}

/** The options of {@linkcode dequantizeQ4Program}. */
export interface DequantizeQ4ProgramOptions {
  /** Rows of the weights. */
  readonly n: Dim;
  /** Columns of the weights. */
  readonly k: Dim;
  /** The layout of the packed weights. */
  readonly layout: Q4Layout;
}
const PROGRAM = {
  n: required(dimension),
  k: required(dimension),
  layout: required(q4Layout),
} satisfies Fields<DequantizeQ4ProgramOptions>;

/**
 * Makes the program that decodes 4-bit weights, as {@linkcode dequantizeQ4} does. Parameters
 * W_q u32[n, 4·ceil(k/32)], W_scale[n, ceil(k/32)], W[n, k].
 *
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 */
export function dequantizeQ4Program(options: DequantizeQ4ProgramOptions): PrimFunc {
  checkOptions("te.dequantizeQ4", options, PROGRAM);
  const { n, k } = dims({ n: options.n, k: options.k });
  const packed = packedInputs(options.layout, n, k);
  return primFunc("dequantize_q4", [...packed, decoded(...packed, k)]);
}
