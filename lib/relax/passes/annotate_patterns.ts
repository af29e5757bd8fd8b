import type { Graph } from "../graph.ts";
import { patternOf } from "../pattern_of.ts";

/** Says of each program how its results depend on its inputs, as its blocks show. */
export function annotatePatterns(g: Graph): Graph {
  const bindings = g.bindings.map(({ call, results }) => ({
    call: call.kind === "op" ? call : { ...call, pattern: patternOf(call.func).kind },
    results,
  }));
  return g.with({ bindings });
}
