import type { Graph } from "../graph.ts";
import { type Form, isOptions, type OpCall, type Value } from "../value.ts";
import { GraphRewriter } from "../rewrite_graph.ts";
import { updatedValues } from "../updates.ts";
import { equalType } from "../verify_graph.ts";

/** Operators that only give their argument another shape: its elements keep their order. */
const VIEWS: ReadonlySet<string> = new Set(["reshape", "flatten", "squeeze", "expandDims"]);

/** Operators that give their argument as it is wherever its type is that of the result. */
const SAME: ReadonlySet<string> = new Set([...VIEWS, "cast", "broadcastTo", "tile", "repeat"]);

/**
 * Writes equal things in one way: leaves out what changes nothing, makes one view or permutation of several in a row, and
 * calls a permutation of a matrix a transpose, which products read where it lies.
 *
 *     lv0 = R.flatten(x)
 *     lv1 = R.reshape(lv0, [n, 4])           →      lv2 = R.permute_dims(x)
 *     lv2 = R.permute_dims(lv1, axes=[1, 0])
 */
export function normalize(g: Graph): Graph {
  const rewriter = new GraphRewriter(g);
  const makers = new Map<Value, OpCall>(), updated = updatedValues(g);
  for (const { call, results } of g.bindings) {
    const now = rewriter.updated(call), [v] = results as [Value];
    const isFixed = [...now.args, v].every((x) => !updated.has(x));
    if (now.kind === "op" && results.length === 1 && now.args.length === 1 && isFixed) {
      const [from] = now.args as [Value], maker = makers.get(from);
      const source = maker && sourceOf(now, maker);
      if (changesNothing(now, v)) rewriter.replace(v, from);
      else if (source && equalType(source.type, v.type) && VIEWS.has(now.op)) rewriter.replace(v, source);
      else if (source && VIEWS.has(now.op)) rewriter.define(v, "reshape", source, v.type.shape);
      else if (now.op === "permuteDims") permuted(rewriter, v, now, maker);
      else rewriter.emit({ call: now, results });
    } else rewriter.emit({ call: now, results });
    const made = rewriter.last;
    // A view of what is updated later shows it as it was before.
    if (made?.call.kind === "op" && made.results.length === 1 && isFixed) {
      makers.set(made.results[0] as Value, made.call);
    }
  }
  return rewriter.finish();
}

/** What a view of a view is a view of; only where extents are constants is a shape plain. */
function sourceOf(call: OpCall, maker: OpCall): Value | undefined {
  if (!VIEWS.has(call.op) || !VIEWS.has(maker.op)) return undefined;
  const [source] = maker.args as [Value];
  return source.type.shape.every((d) => d.kind === "const") ? source : undefined;
}

function changesNothing(call: OpCall, v: Value): boolean {
  const [from] = call.args as [Value];
  if (!equalType(from.type, v.type)) return false;
  if (SAME.has(call.op)) return true;
  if (call.op === "permuteDims") return axesOf(call).every((axis, d) => axis === d);
  return call.op === "slice" && strides(call.form[1]).every((s) => s === 1);
}

function strides(options: Form): readonly Form[] {
  const list = isOptions(options) ? options.strides : undefined;
  return Array.isArray(list) ? list : [];
}

/** The axes of a permutation, from 0 on. */
function axesOf({ args, form }: OpCall): readonly number[] {
  const rank = args[0]?.type.shape.length ?? 0, options = form[1];
  const given = isOptions(options) && Array.isArray(options.axes)
    ? options.axes as readonly number[]
    : undefined;
  return Array.from({ length: rank }, (_, d) => given ? ((given[d] as number) + rank) % rank : rank - 1 - d);
}

/** Defines a value by one permutation of what a permutation before it permutes. */
function permuted(rewriter: GraphRewriter, v: Value, call: OpCall, maker: OpCall | undefined): void {
  const inner = maker?.op === "permuteDims" || maker?.op === "transpose" ? maker : undefined;
  const before = inner ? innerAxes(inner) : undefined, own = axesOf(call);
  const axes = before ? own.map((d) => before[d] as number) : own;
  const source = (inner ?? call).args[0] as Value, rank = axes.length;
  const swaps = rank > 1 && axes.every((axis, d) => axis === (d < rank - 2 ? d : 2 * rank - 3 - d));
  if (axes.every((axis, d) => axis === d)) rewriter.replace(v, source);
  else if (swaps) rewriter.define(v, "transpose", source);
  else rewriter.define(v, "permuteDims", source, { axes });
}

function innerAxes(call: OpCall): readonly number[] {
  if (call.op === "permuteDims") return axesOf(call);
  const rank = call.args[0]?.type.shape.length ?? 0;
  return Array.from({ length: rank }, (_, d) => d < rank - 2 ? d : 2 * rank - 3 - d);
}
