import { checkOptions } from "../base/check_options.ts";
import { add, constant, floorDiv, floorMod, mul } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { printExpr } from "../ir/print.ts";
import { compute, type ShapeCondition } from "../te/compute.ts";
import type { Tensor } from "../te/tensor.ts";
import { TeError } from "../te/error.ts";
import { checkTensors, constantExtent, shapeOfRank } from "./check_tensors.ts";
import { DEPTH_SPACE, type DepthSpaceOptions } from "./depth_to_space.ts";
import { asExpr, over, productOf, quotient, times } from "./extents.ts";

/**
 * Moves blocks of rows and columns into channels: the inverse of {@linkcode depthToSpace} (ONNX SpaceToDepth in mode DCR).
 *
 * @param A the images [n, channels, h·s, w·s] of any dtype
 * @returns B[n, channels·s², h, w], of A's dtype; its name is B by default. Where shape variables don't show that the
 * block divides rows and columns, a run in which it doesn't is refused
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 * @throws {TeError} for a tensor that is no images, or a block that doesn't divide rows and columns
 */
export function spaceToDepth(A: Tensor, options: DepthSpaceOptions): Tensor {
  checkTensors("spaceToDepth", { A });
  checkOptions("op.spaceToDepth", options, DEPTH_SPACE);
  const { blockSize: s, mode = "DCR", name = "B" } = options;
  const [n, , h, w] = shapeOfRank("spaceToDepth", "A", A, 4, "[n, c, h, w]") as [Expr, Expr, Expr, Expr];
  const channels = constantExtent("spaceToDepth", "A", A, 1);
  const rows = divided(h, s), columns = divided(w, s);
  return compute(name, [n, constant(channels * s * s), rows.extent, columns.extent], (...at) => {
    const [image, deep, y, x] = at as readonly [Var, Var, Var, Var];
    const [c, place] = mode === "DCR"
      ? [floorMod(deep, channels), floorDiv(deep, channels)]
      : [floorDiv(deep, s * s), floorMod(deep, s * s)];
    const i = floorDiv(place, s), j = floorMod(place, s);
    return A.at(image, c, add(mul(y, s), i), add(mul(x, s), j));
  }, { requires: [...rows.requires, ...columns.requires] });
}

function divided(
  extent: Expr,
  s: number,
): { readonly extent: Expr; readonly requires: readonly ShapeCondition[] } {
  const exact = quotient(productOf([extent]), { count: s, factors: [] });
  if (exact) return { extent: asExpr(exact), requires: [] };
  if (extent.kind === "const") {
    throw new TeError(
      `expected rows and columns that blockSize = ${s} divides, got ${printExpr(extent)}, in spaceToDepth`,
    );
  }
  const part = over(extent, s);
  return {
    extent: part,
    requires: [{ value: extent, atMost: times(part, s), because: "spaceToDepth has whole blocks" }],
  };
}
