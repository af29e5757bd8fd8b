import { printType } from "../print_graph.ts";
import { programOf } from "../apply_operator.ts";
import type { Graph } from "../graph.ts";
import { GraphRewriter } from "../rewrite_graph.ts";
import type { PrimFunc } from "../../ir/func.ts";

/**
 * Writes each operator as the call of a program. Equal operators on equal types share one.
 *
 *     lv0 = R.nn.gelu(x)      →      lv0 = R.call_tir(gelu, (x,), …)
 */
export function legalizeOps(g: Graph): Graph {
  const rewriter = new GraphRewriter(g);
  const known = new Map<string, PrimFunc>();
  for (const { call, results } of g.bindings) {
    if (call.kind === "tir") {
      rewriter.emit({ call, results });
      continue;
    }
    const { op, form, args } = call;
    const domains = args.map((v) => "domain" in v.origin ? v.origin.domain : undefined);
    const key = JSON.stringify([op, form, args.map((v) => printType(v.type)), domains]);
    const func = known.get(key) ?? programOf(call);
    known.set(key, func);
    rewriter.emit({ call: { kind: "tir", func, args }, results });
  }
  return rewriter.finish();
}
