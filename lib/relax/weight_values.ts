import type { Graph } from "./graph.ts";
import type { Value } from "./value.ts";

/** The values that are known when a graph is built: weights, constants, and what is computed of them alone. */
export function weightValues(g: Graph): ReadonlySet<Value> {
  const known = new Set<Value>([...g.weights, ...g.constants]);
  for (const { call, results } of g.bindings) {
    if (call.args.every((v) => known.has(v))) results.forEach((v) => known.add(v));
  }
  return known;
}
