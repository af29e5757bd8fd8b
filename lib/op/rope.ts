import { checkOptions, type Fields } from "../base/check_options.ts";
import { flag, name, number, required } from "../base/option_kinds.ts";
import { add, call, cast, constant, eq, floorDiv, floorMod, lt, mul, select, sub } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { compute } from "../te/compute.ts";
import { placeholder, type Tensor } from "../te/tensor.ts";
import { primFunc } from "../te/prim_func.ts";
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
import { type RopeScaling, ropeScaling, scaledFrequency } from "./rope_scaling.ts";

/** The heads of a layer, and their angles. */
export interface RopeHeads {
  /** Heads of queries. */
  readonly heads: number;
  /** Heads of keys, and of values. */
  readonly kvHeads: number;
  /** The base of the angles, above 1. Default: 10,000. */
  readonly theta?: number;
  /** Rotates neighbours, elements 2i and 2i + 1, and not halves (GPT-J; ONNX RotaryEmbedding). Default: false. */
  readonly interleaved?: boolean;
  /**
   * The elements of a head that are rotated, from the first one on; even (ONNX RotaryEmbedding: rotary_embedding_dim;
   * Hugging Face: partial_rotary_factor). Default: headDim.
   */
  readonly rotaryDim?: number;
  /** Scales the angles for long contexts. Default: no scaling. */
  readonly scaling?: RopeScaling;
}
const HEADS = {
  heads: required(extent),
  kvHeads: required(extent),
  theta: number({ above: 1 }),
  interleaved: flag,
  rotaryDim: extent,
  scaling: ropeScaling,
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
 * `position · theta^(-2·(d mod headDim/2)/headDim)`, computed in f32. With `interleaved`, element 2i is rotated with
 * 2i + 1 by `position · theta^(-2·i/headDim)`. With `rotaryDim`, that stands for headDim, and later elements stay.
 *
 * @param qkv [rows, (heads + 2·kvHeads)·headDim] of f32 or f16; headDim is even where all of it is rotated
 * @param position the rows' positions, i32[rows]
 * @returns q, k and v, of qkv's dtype
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 * @throws {TeError} for tensors that don't fit together, an odd headDim or rotaryDim, a rotaryDim above headDim, or a
 * highFrequencyFactor that isn't above lowFrequencyFactor
 */
export function rope(qkv: Tensor, position: Tensor, options: RopeOptions): RopeResult {
  checkTensors("rope", { qkv, position });
  checkOptions("op.rope", options, OPTIONS);
  const { heads, kvHeads, theta = 10000, interleaved = false, scaling } = options;
  const dtype = sharedFloat("rope", { qkv }), count = heads + 2 * kvHeads;
  const [rows] = shapeOfRank("rope", "qkv", qkv, 2, "[rows, (heads + 2·kvHeads)·headDim]") as [Expr, Expr];
  checkTypes("rope", { position }, "i32");
  checkShape("rope", "position", position, [rows], "to match qkv's rows");
  const width = constantExtent("rope", "qkv", qkv, 1), headDim = width / count;
  const { rotaryDim = headDim } = options;
  if (!Number.isInteger(headDim) || (options.rotaryDim === undefined && headDim % 2 !== 0)) {
    throw new TeError(
      `expected headDim to be even, because the halves of a head are rotated together, got ${width} / ` +
        `(${heads} + 2·${kvHeads}) = ${headDim}, in rope`,
    );
  }
  if (rotaryDim % 2 !== 0 || rotaryDim > headDim) {
    throw new TeError(
      `expected rotaryDim to be even and at most headDim = ${headDim}, got ${rotaryDim}, in rope`,
    );
  }
  const half = rotaryDim / 2;
  const angle = (i: Expr, d: Expr) => {
    const pair = interleaved ? floorDiv(d, 2) : floorMod(d, half);
    const frequency = call("exp", mul(cast("f32", pair), constant(-Math.log(theta) / half, "f32")));
    return mul(cast("f32", position.at(i)), scaling ? scaledFrequency(frequency, scaling) : frequency);
  };
  /** What an element is rotated with: the other one of its pair, negative for the pair's first. */
  const otherOf = (d: Expr, x: (offset: Expr) => Expr) => {
    const minus = (e: Expr) => sub(constant(0, "f32"), e);
    if (!interleaved) return select(lt(d, half), minus(x(add(d, half))), x(sub(d, half)));
    const odd = floorMod(d, 2), other = x(add(mul(floorDiv(d, 2), 2), sub(constant(1), odd)));
    return select(eq(odd, 0), minus(other), other);
  };
  const part = (name: string, count: number, first: number, rotated: boolean) =>
    compute(name, [rows, count, headDim], (...at) => {
      const [i, h, d] = at as readonly [Var, Var, Var];
      const column = (offset: Expr) => add(add(mul(h, headDim), first * headDim), offset);
      const x = (offset: Expr) => cast("f32", qkv.at(i, column(offset)));
      if (!rotated) return qkv.at(i, column(d));
      const by = angle(i, d);
      const both = cast(dtype, add(mul(x(d), call("cos", by)), mul(otherOf(d, x), call("sin", by))));
      return rotaryDim === headDim ? both : select(lt(d, rotaryDim), both, qkv.at(i, column(d)));
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
  /** Elements of a head; even where all of them are rotated. */
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

/** Positions are below this: their angles, in radians, are those that devices compute exactly (docs/numerics.md). */
const LONGEST = 2 ** 19;

/**
 * Makes the program of {@linkcode rope}. Parameters qkv[rows, (heads + 2·kvHeads)·headDim], position i32[rows] below 2¹⁹,
 * q[rows, heads, headDim], k and v[rows, kvHeads, headDim].
 *
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 * @throws {TeError} for an odd headDim or rotaryDim, a rotaryDim above headDim, or a highFrequencyFactor that isn't above
 * lowFrequencyFactor
 */
export function ropeProgram(options: RopeProgramOptions): PrimFunc {
  checkOptions("te.rope", options, PROGRAM);
  const { rows: n, headDim, dtype, ...how } = options, { heads, kvHeads } = how;
  const { rows } = dims({ rows: n });
  const qkv = placeholder("qkv", [rows, (heads + 2 * kvHeads) * headDim], dtype);
  const position = placeholder("position", [rows], "i32", { below: LONGEST });
  const { q, k, v } = rope(qkv, position, how);
  return primFunc("rope", [qkv, position, q, k, v]);
}
