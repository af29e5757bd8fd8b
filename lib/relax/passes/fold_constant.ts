import { interpretCall } from "../interpret_graph.ts";
import type { Graph } from "../graph.ts";
import { GraphRewriter } from "../rewrite_graph.ts";
import { updatedValues } from "../updates.ts";
import { type ConstantData, Value } from "../value.ts";

/** Elements of the largest result that is computed ahead. Larger ones are computed when the graph is built. */
const MOST = 2 ** 16;

/**
 * Computes calls of constants ahead, by the interpreter.
 *
 *     lv0 = R.add(one, two)      →      R.output(lv0)     lv0 is the constant 3
 *     R.output(lv0)
 */
export function foldConstant(g: Graph): Graph {
  const rewriter = new GraphRewriter(g), updated = updatedValues(g);
  for (const binding of g.bindings) {
    const call = rewriter.updated(binding.call);
    const data = call.args.flatMap((v) => v.origin.kind === "constant" ? [v.origin.data] : []);
    const size = (v: Value) =>
      v.type.shape.reduce((n, d) => n * (d.kind === "const" ? d.value : Infinity), 1);
    const stays = (v: Value) => size(v) > MOST || updated.has(v);
    if (data.length < call.args.length || binding.results.some(stays)) {
      rewriter.emit({ call, results: binding.results });
      continue;
    }
    const made = interpretCall(call, data, {});
    binding.results.forEach((v, k) => {
      // The interpreter gives the arrays of the results' dtypes.
      const constant = new Value(v.name, v.type, { kind: "constant", data: made[k] as ConstantData });
      rewriter.replace(v, constant);
    });
  }
  return rewriter.finish();
}
