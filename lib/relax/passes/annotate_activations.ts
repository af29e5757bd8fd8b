import type { PrimFunc } from "../../ir/func.ts";
import { inputsOf, isInPlace } from "../../ir/parameters.ts";
import type { Graph } from "../graph.ts";
import type { Binding } from "../value.ts";

/**
 * Says of each program which of its inputs are activations: those that are no weights and no constants. Equal programs whose
 * inputs are alike still share one.
 */
export function annotateActivations(g: Graph): Graph {
  const known = new Map<PrimFunc, Map<string, PrimFunc>>();
  const bindings = g.bindings.map(({ call, results }): Binding => {
    if (call.kind === "op") return { call, results };
    const activations = inputsOf(call.func).flatMap((b, k) => {
      const kind = call.args[k]?.origin.kind;
      return (kind === "input" || kind === "result") && !isInPlace(call.func, b) ? [b.name] : [];
    });
    const versions = known.get(call.func) ?? new Map<string, PrimFunc>();
    known.set(call.func, versions);
    const key = activations.join();
    const func = versions.get(key) ?? call.func.with({ activations });
    versions.set(key, func);
    return { call: { ...call, func }, results };
  });
  return g.with({ bindings });
}
