import { add, call, cast, constant, floorMod, load, lt, mul, select, sub } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { compute, type Dim, dims, placeholder, primFunc } from "../te/compute.ts";
import { TeError } from "../te/error.ts";

export interface RopeOptions {
  /** Tokens. */
  readonly rows: Dim;
  /** Heads of queries. */
  readonly heads: number;
  /** Heads of keys, and of values. */
  readonly kvHeads: number;
  /** Elements of a head; even. */
  readonly headDim: number;
  /** Base of the angles. Default 10,000. */
  readonly theta?: number;
  /** Default f32. */
  readonly dtype?: "f32" | "f16";
}

/**
 * Splits the rows of a layer's queries, keys and values, and turns queries and keys by their position (RoPE;
 * Su et al., arXiv 2104.09864, in the half-split form of Llama): element d of a head turns with element
 * d ± headDim/2 by `position · theta^(-2·(d mod headDim/2)/headDim)`. Parameters qkv[rows, (heads +
 * 2·kvHeads)·headDim], position i32[rows]; results q[rows, heads, headDim], k and v[rows, kvHeads, headDim].
 *
 * @throws {TeError} for an impossible extent or an odd headDim
 */
export function rope(options: RopeOptions): PrimFunc {
  const { heads, kvHeads, headDim, theta = 10000, dtype = "f32" } = options;
  const { rows } = dims("rope", { rows: options.rows, heads, kvHeads, headDim });
  if (headDim % 2 !== 0) {
    throw new TeError(
      `cannot build rope with headDim = ${headDim}: halves of a head turn together, so it is even`,
    );
  }
  if (!(theta > 1 && theta < Infinity)) {
    throw new TeError(`cannot build rope with theta = ${theta}: it is a finite number above 1`);
  }
  const half = headDim / 2;
  const qkv = placeholder("qkv", [rows, (heads + 2 * kvHeads) * headDim], dtype);
  const position = placeholder("position", [rows], "i32");
  const part = (name: string, count: number, first: number, turns: boolean) =>
    compute(name, [rows, count, headDim], (...at) => {
      const [i, h, d] = at as readonly [Var, Var, Var];
      const column = (offset: Expr) => add(add(mul(h, headDim), first * headDim), offset);
      const x = (offset: Expr) => cast("f32", load(qkv.buffer, i, column(offset)));
      if (!turns) return qkv.at(i, column(d));
      const exponent = mul(cast("f32", floorMod(d, half)), constant(-Math.log(theta) / half, "f32"));
      const angle = mul(cast("f32", position.at(i)), call("exp", exponent));
      const other = select(lt(d, half), sub(constant(0, "f32"), x(add(d, half))), x(sub(d, half)));
      return cast(dtype, add(mul(x(d), call("cos", angle)), mul(other, call("sin", angle))));
    });
  const q = part("q", heads, 0, true);
  const k = part("k", kvHeads, heads, true);
  const v = part("v", kvHeads, heads + kvHeads, false);
  return primFunc("rope", [qkv, position, q, k, v]);
}
