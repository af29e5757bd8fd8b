import { checkOptions, type Fields } from "../base/check_options.ts";
import { name, number, required } from "../base/option_kinds.ts";
import { add, call, cast, constant, floorMod, lt, mul, select, sub } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { compute, placeholder, primFunc, type Tensor } from "../te/compute.ts";
import { type Dim, dims } from "../te/dimension.ts";
import { TeError } from "../te/error.ts";
import {
  checkShape,
  checkTensors,
  checkTypes,
  constantExtent,
  shapeOfRank,
  sharedFloat,
} from "./check_tensors.ts";
import { dimension, extent, floatType } from "./kinds.ts";

/** The heads of a layer, and their angles. */
export interface RopeHeads {
  /** Heads of queries. */
  readonly heads: number;
  /** Heads of keys, and of values. */
  readonly kvHeads: number;
  /** The base of the angles, above 1. Default: 10,000. */
  readonly theta?: number;
}
const HEADS = {
  heads: required(extent),
  kvHeads: required(extent),
  theta: number({ above: 1 }),
} satisfies Fields<RopeHeads>;

/** The options of {@linkcode rope}. */
export interface RopeOptions extends RopeHeads {
  /** The names of the results. Default: q, k and v. */
  readonly qName?: string;
  /** The name of the keys. Default: k. */
  readonly kName?: string;
  /** The name of the values. Default: v. */
  readonly vName?: string;
}
const OPTIONS = { ...HEADS, qName: name, kName: name, vName: name } satisfies Fields<RopeOptions>;

/** The results of {@linkcode rope}. */
export interface RopeResult {
  /** The rotated queries [rows, heads, headDim]. */
  readonly q: Tensor;
  /** The rotated keys [rows, kvHeads, headDim]. */
  readonly k: Tensor;
  /** The values [rows, kvHeads, headDim], as they are. */
  readonly v: Tensor;
}

/**
 * Splits the rows of a layer's queries, keys and values, and rotates queries and keys by their position (RoPE; Su et
 * al., arXiv 2104.09864, in the half-split form of Llama). Element d of a head is rotated with element d ± headDim/2 by
 * `position · theta^(-2·(d mod headDim/2)/headDim)`, computed in f32.
 *
 * @param qkv [rows, (heads + 2·kvHeads)·headDim] of f32 or f16; headDim is even
 * @param position the rows' positions, i32[rows]
 * @returns q, k and v, of qkv's dtype
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 * @throws {TeError} for tensors that don't fit together, or an odd headDim
 */
export function rope(qkv: Tensor, position: Tensor, options: RopeOptions): RopeResult {
  checkTensors("rope", { qkv, position });
  checkOptions("op.rope", options, OPTIONS);
  const { heads, kvHeads, theta = 10000 } = options;
  const dtype = sharedFloat("rope", { qkv }), count = heads + 2 * kvHeads;
  const [rows] = shapeOfRank("rope", "qkv", qkv, 2, "[rows, (heads + 2·kvHeads)·headDim]") as [Expr, Expr];
  checkTypes("rope", { position }, "i32");
  checkShape("rope", "position", position, [rows], "to match qkv's rows");
  const width = constantExtent("rope", "qkv", qkv, 1), headDim = width / count;
  if (!Number.isInteger(headDim) || headDim % 2 !== 0) {
    throw new TeError(
      `expected headDim to be even, because the halves of a head are rotated together, got ${width} / ` +
        `(${heads} + 2·${kvHeads}) = ${headDim}, in rope`,
    );
  }
  const half = headDim / 2;
  const part = (name: string, count: number, first: number, rotated: boolean) =>
    compute(name, [rows, count, headDim], (...at) => {
      const [i, h, d] = at as readonly [Var, Var, Var];
      const column = (offset: Expr) => add(add(mul(h, headDim), first * headDim), offset);
      const x = (offset: Expr) => cast("f32", qkv.at(i, column(offset)));
      if (!rotated) return qkv.at(i, column(d));
      const exponent = mul(cast("f32", floorMod(d, half)), constant(-Math.log(theta) / half, "f32"));
      const angle = mul(cast("f32", position.at(i)), call("exp", exponent));
      const other = select(lt(d, half), sub(constant(0, "f32"), x(add(d, half))), x(sub(d, half)));
      return cast(dtype, add(mul(x(d), call("cos", angle)), mul(other, call("sin", angle))));
    });
  const { qName = "q", kName = "k", vName = "v" } = options;
  return {
    q: part(qName, heads, 0, true),
    k: part(kName, kvHeads, heads, true),
    v: part(vName, kvHeads, heads + kvHeads, false),
  };
}

/** The options of {@linkcode ropeProgram}. */
export interface RopeProgramOptions extends RopeHeads {
  /** The number of tokens. */
  readonly rows: Dim;
  /** Elements of a head; even. */
  readonly headDim: number;
  /** The dtype of qkv, q, k and v. Default: f32. */
  readonly dtype?: "f32" | "f16";
}
const PROGRAM = {
  rows: required(dimension),
  headDim: required(extent),
  dtype: floatType,
  ...HEADS,
} satisfies Fields<RopeProgramOptions>;

/**
 * Makes the program of {@linkcode rope}. Parameters qkv[rows, (heads + 2·kvHeads)·headDim], position i32[rows],
 * q[rows, heads, headDim], k and v[rows, kvHeads, headDim].
 *
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 * @throws {TeError} for an odd headDim
 */
export function ropeProgram(options: RopeProgramOptions): PrimFunc {
  checkOptions("te.rope", options, PROGRAM);
  const { heads, kvHeads, headDim, theta, dtype } = options;
  const { rows } = dims({ rows: options.rows });
  const qkv = placeholder("qkv", [rows, (heads + 2 * kvHeads) * headDim], dtype);
  const position = placeholder("position", [rows], "i32");
  const { q, k, v } = rope(qkv, position, { heads, kvHeads, ...(theta !== undefined && { theta }) });
  return primFunc("rope", [qkv, position, q, k, v]);
}
