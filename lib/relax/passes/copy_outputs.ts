import { freshName } from "../../base/fresh_name.ts";
import { compute } from "../../te/compute.ts";
import { primFunc } from "../../te/prim_func.ts";
import { placeholderOf } from "../apply_operator.ts";
import type { Graph } from "../graph.ts";
import { namesOf } from "../rewrite_graph.ts";
import { firstValues } from "../updates.ts";
import { type Binding, Value } from "../value.ts";

/**
 * Copies what is an output but no result of a call, or lies where another value lay, or is an output under another name
 * already: each output has memory of its own.
 *
 *     R.output(x, lv0, lv0)      →      x_out = R.call_tir(copy, (x,), …); lv0_out = R.call_tir(copy, (lv0,), …)
 */
export function copyOutputs(g: Graph): Graph {
  const first = firstValues(g), taken = new Set<Value>(), names = new Set(namesOf(g)), copies: Binding[] = [];
  const outputs = Object.entries(g.outputs).map(([name, v]): [string, Value] => {
    if (v.origin.kind === "result" && !first.has(v) && !taken.has(v)) {
      taken.add(v);
      return [name, v];
    }
    const p0 = placeholderOf("p0", v), { stored } = v.type;
    const func = primFunc("copy", [
      p0,
      compute("out", p0.shape, (...at) => p0.at(...at), stored ? { as: stored } : {}),
    ]);
    const result = new Value(freshName(`${v.name}_out`, names), v.type, { kind: "result" });
    copies.push({ call: { kind: "tir", func, args: [v] }, results: [result] });
    return [name, result];
  });
  return copies.length === 0
    ? g
    : g.with({ bindings: [...g.bindings, ...copies], outputs: Object.fromEntries(outputs) });
}
