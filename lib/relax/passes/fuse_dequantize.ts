import type { Graph } from "../graph.ts";
import { Value } from "../value.ts";
import { GraphRewriter } from "../rewrite_graph.ts";

/** Operators that decode what is packed in words. */
const DECODINGS: ReadonlySet<string> = new Set(["dequantizeQ4", "unpack"]);

/**
 * Gives each user of packed weights a decoding of its own, which fusion then takes into it: a decoding for several users would
 * be written to memory, where it takes up to eight times the bytes.
 *
 *     lv0 = R.dequantize_q4(w_q, s)          lv0 = R.dequantize_q4(w_q, s)
 *     lv1 = R.embedding(lv0, ids)            lv1 = R.embedding(lv0, ids)
 *     lv2 = R.linear(x, lv0)           →     lv = R.dequantize_q4(w_q, s)
 *                                            lv2 = R.linear(x, lv)
 */
export function fuseDequantize(g: Graph): Graph {
  const decodings = new Map(
    g.bindings.flatMap(({ call, results }) =>
      call.kind === "op" && DECODINGS.has(call.op) ? [[results[0] as Value, call] as const] : []
    ),
  );
  if (decodings.size === 0) return g;
  const outputs = new Set(Object.values(g.outputs)), taken = new Set<Value>();
  const rewriter = new GraphRewriter(g);
  for (const binding of g.bindings) {
    const { results } = binding;
    let { call } = binding;
    for (const [k, v] of call.args.entries()) {
      const decoding = decodings.get(v);
      if (!decoding || outputs.has(v)) continue;
      if (taken.has(v)) {
        const own = new Value(rewriter.fresh(), v.type, { kind: "result" });
        rewriter.emit({ call: decoding, results: [own] });
        call = { ...call, args: call.args.with(k, own) };
      }
      taken.add(v);
    }
    rewriter.emit({ call, results });
  }
  return rewriter.finish();
}
