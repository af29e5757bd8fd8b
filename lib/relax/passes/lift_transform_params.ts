import { GraphRewriter } from "../rewrite_graph.ts";
import { Graph } from "../graph.ts";
import { updatedValues } from "../updates.ts";
import { type Binding, Value } from "../value.ts";
import { storageBytes, storageOf } from "../../ir/stored.ts";

/**
 * Computes what depends on weights alone once, when they are given, by a function of its own: Relax's LiftTransformParams.
 * What takes more memory than its weights stays where it is: packed weights are decoded where they are read.
 *
 *     def main(x, w, s):                    def main_transform_params(w, s):
 *         lv0 = R.multiply(w, s)                lv = R.multiply(w, s)
 *         lv1 = R.linear(x, lv0)      →
 *                                           def main(x, lv):
 *                                               lv1 = R.linear(x, lv)
 */
export function liftTransformParams(g: Graph): Graph {
  if (g.transform) return g;
  const leaves = leavesIn(g);
  const makers = new Map(g.bindings.flatMap((b) => b.results.map((v) => [v, b] as const)));
  const outside = new Set(Object.values(g.outputs));
  for (const { call, results } of g.bindings) {
    if (!results.every((v) => leaves.has(v))) call.args.forEach((v) => outside.add(v));
  }
  const kept = [...makers.keys()].filter((v) => {
    const from = leaves.get(v);
    return from && outside.has(v) && !isOutput(g, v) && bytes(v) <= sum([...from].map(bytes));
  });
  if (kept.length === 0) return g;
  const moved = new Set<Binding>();
  const move = (v: Value): void => {
    const binding = makers.get(v);
    if (!binding || moved.has(binding)) return;
    moved.add(binding);
    binding.call.args.forEach(move);
  };
  kept.forEach(move);
  const rewriter = new GraphRewriter(g);
  const made = kept.map((v) => {
    const weight = new Value(rewriter.fresh(v.name), v.type, { kind: "weight" });
    rewriter.replace(v, weight);
    return [weight, v] as const;
  });
  const bindings = g.bindings.filter((b) => moved.has(b));
  const taken = new Set(bindings.flatMap((b) => b.call.args));
  const transform = new Graph(
    `${g.name}_transform_params`,
    [],
    g.weights.filter((v) => taken.has(v)),
    bindings,
    Object.fromEntries(made.map(([weight, v]) => [weight.name, v])),
  );
  for (const b of g.bindings) rewriter.keep(b);
  return withoutUnused(
    rewriter.finish().with({ transform, weights: [...g.weights, ...made.map(([w]) => w)] }),
    moved,
  );
}

/** The weights and constants that each value known with them is computed of. */
function leavesIn(g: Graph): ReadonlyMap<Value, ReadonlySet<Value>> {
  const leaves = new Map<Value, ReadonlySet<Value>>(), updated = updatedValues(g);
  for (const v of [...g.weights, ...g.constants]) if (isConstant(v)) leaves.set(v, new Set([v]));
  for (const { call, results } of g.bindings) {
    const from = call.args.map((v) => leaves.get(v));
    // What is updated in place is made again for each run.
    const isFixed = results.every((v) => isConstant(v) && !updated.has(v));
    if (call.args.length === 0 || !isFixed || from.includes(undefined)) continue;
    const all = new Set(from.flatMap((s) => [...s as ReadonlySet<Value>]));
    results.forEach((v) => leaves.set(v, all));
  }
  return leaves;
}

function isConstant({ type }: Value): boolean {
  return type.shape.every((d) => d.kind === "const");
}

function isOutput(g: Graph, v: Value): boolean {
  return Object.values(g.outputs).includes(v);
}

function bytes({ type }: Value): number {
  return type.shape.reduce(
    (n, d) => n * (d.kind === "const" ? d.value : Infinity),
    storageBytes(storageOf(type)),
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((n, x) => n + x, 0);
}

/** Leaves out the moved calls that nothing else uses, and the weights that only they have used. */
function withoutUnused(g: Graph, moved: ReadonlySet<Binding>): Graph {
  const movedResults = new Set([...moved].flatMap((b) => b.results));
  const used = new Set<Value>(Object.values(g.outputs)), kept: Binding[] = [];
  for (const b of g.bindings.toReversed()) {
    if (b.results.some((v) => movedResults.has(v)) && !b.results.some((v) => used.has(v))) continue;
    b.call.args.forEach((v) => used.add(v));
    kept.push(b);
  }
  const given = new Set(g.transform?.weights);
  return g.with({ bindings: kept.reverse(), weights: g.weights.filter((v) => used.has(v) || !given.has(v)) });
}
