import { binary, cast, ceilDiv, constant, floorDiv, floorMod, mul, sub } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { compute, type Dim, dims, placeholder, primFunc, type Tensor } from "../te/compute.ts";

/**
 * MLC's 4-bit layouts: groups of 32 along k share a scale; eight weights to a u32, the first in the lowest
 * bits; `w = (nibble - 7)·scale`. `q4f16_1` has f16 scales and weights, `q4f32_1` f32.
 */
export type Q4Layout = "q4f16_1" | "q4f32_1";

/** Weights that share one scale. */
export const GROUP = 32;
/** Weights in one u32. */
export const PER_WORD = 8;

/** The tensor W[n, k] decoded from `packed`: W_q u32[n, 4·ceil(k/32)] and W_scale[n, ceil(k/32)]. */
export function dequantized(
  layout: Q4Layout,
  n: Expr,
  k: Expr,
): {
  readonly weight: Tensor;
  readonly packed: readonly [Tensor, Tensor];
  /** One weight, decoded where it stands. */
  readonly at: (i: Expr, j: Expr) => Expr;
} {
  const dtype = layout === "q4f16_1" ? "f16" : "f32";
  const groups = ceilDiv(k, GROUP);
  const q = placeholder("W_q", [n, mul(groups, GROUP / PER_WORD)], "u32");
  const scale = placeholder("W_scale", [n, groups], dtype);
  const at = (i: Expr, j: Expr): Expr => {
    const shift = cast("u32", mul(floorMod(j, PER_WORD), 4));
    const nibble = binary(
      "bitand",
      binary("shr", q.at(i, floorDiv(j, PER_WORD)), shift),
      constant(15, "u32"),
    );
    return mul(sub(cast(dtype, nibble), constant(7, dtype)), scale.at(i, floorDiv(j, GROUP)));
  };
  return { weight: compute("W", [n, k], at), packed: [q, scale], at };
}

/**
 * Decodes 4-bit weights: parameters W_q u32[n, 4·ceil(k/32)], W_scale[n, ceil(k/32)], W[n, k].
 *
 * @throws {TeError} for an impossible extent
 */
export function dequantizeQ4(
  options: { readonly n: Dim; readonly k: Dim; readonly layout: Q4Layout },
): PrimFunc {
  const { n, k } = dims("dequantizeQ4", { n: options.n, k: options.k });
  const { weight, packed } = dequantized(options.layout, n, k);
  return primFunc("dequantize_q4", [...packed, weight]);
}
