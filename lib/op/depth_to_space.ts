import { checkOptions, type Fields } from "../base/check_options.ts";
import { oneOf, required } from "../base/option_kinds.ts";
import { add, constant, floorDiv, floorMod, mul } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { compute } from "../te/compute.ts";
import type { Tensor } from "../te/tensor.ts";
import { TeError } from "../te/error.ts";
import { checkTensors, constantExtent, shapeOfRank } from "./check_tensors.ts";
import { times } from "./extents.ts";
import { extent, RESULT, type ResultOptions } from "./kinds.ts";

/** The options of `op.depthToSpace` and `op.spaceToDepth`. */
export interface DepthSpaceOptions extends ResultOptions {
  /** Rows and columns of a block. */
  readonly blockSize: number;
  /** The order of the deep channels: DCR has the position in a block first, CRD the shallow channel. Default: DCR. */
  readonly mode?: "DCR" | "CRD";
}

/** The kinds of {@linkcode DepthSpaceOptions}. */
export const DEPTH_SPACE = {
  blockSize: required(extent),
  mode: oneOf("DCR", "CRD"),
  ...RESULT,
} satisfies Fields<DepthSpaceOptions>;

/**
 * Moves channels into blocks of rows and columns (ONNX DepthToSpace):
 * `B[n, c, y·s + i, x·s + j] = A[n, (i·s + j)·channels + c, y, x]` for blocks of s, and with CRD channel
 * `(c·s + i)·s + j` of A.
 *
 * @param A the images [n, channels·s², h, w] of any dtype
 * @returns B[n, channels, h·s, w·s], of A's dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 * @throws {TeError} for a tensor that is no images, or a block that doesn't divide the channels
 */
export function depthToSpace(A: Tensor, options: DepthSpaceOptions): Tensor {
  checkTensors("depthToSpace", { A });
  checkOptions("op.depthToSpace", options, DEPTH_SPACE);
  const { blockSize: s, mode = "DCR", name = "B" } = options;
  const [n, , h, w] = shapeOfRank("depthToSpace", "A", A, 4, "[n, c, h, w]") as [Expr, Expr, Expr, Expr];
  const deep = constantExtent("depthToSpace", "A", A, 1), channels = deep / (s * s);
  if (!Number.isInteger(channels)) {
    throw new TeError(
      `expected channels that blockSize² = ${s * s} divides, got ${deep}, in depthToSpace`,
    );
  }
  return compute(name, [n, constant(channels), times(h, s), times(w, s)], (...at) => {
    const [image, c, y, x] = at as readonly [Var, Var, Var, Var];
    const place = { i: floorMod(y, s), j: floorMod(x, s) };
    return A.at(image, deepChannel(mode, c, place, s, channels), floorDiv(y, s), floorDiv(x, s));
  });
}

/** The deep channel of a shallow one at a place in a block. */
function deepChannel(
  mode: "DCR" | "CRD",
  c: Expr,
  { i, j }: { readonly i: Expr; readonly j: Expr },
  s: number,
  channels: number,
): Expr {
  return mode === "DCR" ? add(mul(add(mul(i, s), j), channels), c) : add(mul(add(mul(c, s), i), s), j);
}
