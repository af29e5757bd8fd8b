import type { Expr, Var } from "../../../ir/expr.ts";
import type { PrimFunc } from "../../../ir/func.ts";
import { graph } from "../../../relax/builder.ts";
import type { Graph } from "../../../relax/graph.ts";
import { compute } from "../../../te/compute.ts";
import { primFunc } from "../../../te/prim_func.ts";
import { placeholder } from "../../../te/tensor.ts";
import { update } from "../../../te/update.ts";
import type { ModelConfig } from "../../config/model_config.ts";
import { PAGE_SIZE } from "../step_graph.ts";

/** Makes the program that copies a page. Parameters copy i32[2], of the page and where it goes, and cache (updated in place). */
function copyProgram(c: ModelConfig, dtype: "f32" | "f16"): PrimFunc {
  const shape = [2, c.kvHeads, PAGE_SIZE, c.headDim];
  const copy = placeholder("copy", [2], "i32", { below: 2 ** 24 });
  const cache = placeholder("cache", ["pages", ...shape], dtype);
  const old = compute("old", shape, (...at) => cache.at(copy.at(0), ...at));
  const now = update(
    cache,
    shape,
    (...at) => ({ at: [copy.at(1), ...at as readonly Var[]] as Expr[], value: old.at(...at) }),
  );
  return primFunc("copy_page", [copy, now]);
}

/** Makes the graph that copies a page of each layer: inputs copy i32[2], and cache0 …, which are updated in place. */
export function copyGraph(c: ModelConfig, dtype: "f32" | "f16"): Graph {
  return graph("copy_page", (b) => {
    const program = copyProgram(c, dtype), copy = b.input("copy", [2], "i32", { below: 2 ** 24 });
    for (let k = 0; k < c.layers; k++) {
      const cache = b.input(`cache${k}`, ["pages", 2, c.kvHeads, PAGE_SIZE, c.headDim], dtype);
      b.call(program, copy, cache);
    }
    // A graph has an output.
    return { copied: b.reshape(copy, [2]) };
  });
}
