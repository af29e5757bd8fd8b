import type { Graph } from "../graph.ts";
import { firstValues, updatesOf } from "../updates.ts";
import type { Binding, Value } from "../value.ts";

/**
 * Leaves out calls whose results nothing uses. One that updates an input stays: the caller sees it.
 *
 *     lv0 = R.nn.relu(x)
 *     lv1 = R.nn.silu(x)      →      lv1 = R.nn.silu(x)
 *     R.output(lv1)                  R.output(lv1)
 */
export function deadCode(g: Graph): Graph {
  const used = new Set<Value>(Object.values(g.outputs));
  const first = firstValues(g);
  const isSeen = (b: Binding) => updatesOf(b).some((u) => first.get(u.after)?.origin.kind === "input");
  const kept: Binding[] = [];
  for (const b of g.bindings.toReversed()) {
    if (!b.results.some((v) => used.has(v)) && !isSeen(b)) continue;
    b.call.args.forEach((v) => used.add(v));
    kept.push(b);
  }
  return kept.length === g.bindings.length ? g : g.with({ bindings: kept.reverse() });
}
