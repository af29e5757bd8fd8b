import type { Graph } from "../graph.ts";
import { GraphRewriter } from "../rewrite_graph.ts";
import { updatedValues } from "../updates.ts";
import type { Call, Value } from "../value.ts";

/**
 * Computes equal calls of the same values once. Results that are updated in place stay apart.
 *
 *     lv0 = R.nn.relu(x)
 *     lv1 = R.nn.relu(x)           →      lv0 = R.nn.relu(x)
 *     lv2 = R.add(lv0, lv1)               lv2 = R.add(lv0, lv0)
 */
export function eliminateCommon(g: Graph): Graph {
  const rewriter = new GraphRewriter(g);
  const ids = new Map<object, number>();
  const idOf = (x: object) => {
    const id = ids.get(x) ?? ids.size;
    ids.set(x, id);
    return id;
  };
  const keyOf = (call: Call) =>
    JSON.stringify([call.kind === "op" ? [call.op, call.form] : idOf(call.func), call.args.map(idOf)]);
  const known = new Map<string, readonly Value[]>(), updated = updatedValues(g);
  for (const { call, results } of g.bindings) {
    const now = rewriter.updated(call), key = keyOf(now), before = known.get(key);
    if (results.some((v) => updated.has(v))) rewriter.emit({ call: now, results });
    else if (before) results.forEach((v, k) => rewriter.replace(v, before[k] as Value));
    else {
      known.set(key, results);
      rewriter.emit({ call: now, results });
    }
  }
  return rewriter.finish();
}
