import type { Var } from "../ir/expr.ts";
import { walkExpr } from "../ir/visit.ts";
import type { Graph } from "./graph.ts";

/** Operators that slide windows over images, or reduce them. */
const SLIDES: ReadonlySet<string> = new Set([
  "conv1d",
  "conv2d",
  "conv3d",
  "convTranspose1d",
  "convTranspose2d",
  "convTranspose3d",
  "maxPool2d",
  "avgPool2d",
  "globalAvgPool2d",
]);

/**
 * Lists the shape variables that images' rows and columns depend on, where a window slides over them: a schedule of such an
 * operator is good for one size. The number of images is none of them.
 */
export function imageSizes(g: Graph): readonly string[] {
  const found = new Set<Var>();
  for (const { call } of g.bindings) {
    if (call.kind !== "op" || !SLIDES.has(call.op)) continue;
    for (const d of call.args[0]?.type.shape.slice(1) ?? []) {
      walkExpr(d, (e) => e.kind === "var" && found.add(e));
    }
  }
  return g.shapeVars.filter((v) => found.has(v)).map((v) => v.name);
}
