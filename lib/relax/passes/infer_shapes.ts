import { substituteShapes } from "../../arith/specialize.ts";
import { constant } from "../../ir/build.ts";
import type { Expr, Var } from "../../ir/expr.ts";
import { evaluate, exprToJson } from "../../ir/json.ts";
import { substitute } from "../../ir/substitute.ts";
import { usesVar } from "../../ir/visit.ts";
import { RelaxError } from "../error.ts";
import type { Graph } from "../graph.ts";
import { type Call, Extent, type Form, isOptions, Slot, type TensorType, Value } from "../value.ts";
import { typesOf } from "../verify_graph.ts";
import type { PassContext } from "./pass.ts";

/**
 * Gives shape variables the values that the context knows, and infers the types of all results again: a graph for one size,
 * whose products and reductions have known lengths.
 *
 *     def main(x: R.Tensor((n, 4))):          def main(x: R.Tensor((1, 4))):      with n = 1
 *         lv0 = R.reshape(x, [n*4])      →        lv0 = R.reshape(x, [4])
 */
export function inferShapes(g: Graph, { shapes = {} }: PassContext = {}): Graph {
  const names = Object.keys(shapes);
  if (names.length === 0) return g;
  const unknown = names.find((name) => !g.shapeVars.some((v) => v.name === name));
  if (unknown !== undefined) {
    const known = g.shapeVars.map((v) => v.name).join(", ") || "none";
    throw new RelaxError(
      `expected values of the shape variables ${known}, got one of ${unknown}, in ${g.name}`,
    );
  }
  const by = new Map(g.shapeVars.flatMap((v): readonly (readonly [Var, Expr])[] => {
    const value = shapes[v.name];
    return value === undefined ? [] : [[v, constant(value)]];
  }));
  const now = new Map<Value, Value>();
  const typed = (v: Value, type: TensorType): Value => {
    const made = new Value(v.name, type, v.origin);
    now.set(v, made);
    return made;
  };
  const given = (v: Value) => typed(v, { ...v.type, shape: v.type.shape.map((d) => extent(d, by)) });
  const at = (v: Value) => now.get(v) ?? v;
  const inputs = g.inputs.map(given), weights = g.weights.map(given);
  const bindings = g.bindings.map(({ call, results }) => {
    const args = call.args.map(at);
    const next: Call = call.kind === "op"
      ? { ...call, args, form: call.form.map((f) => formWith(f, by)) }
      : { ...call, args, func: substituteShapes(call.func, by) };
    const types = typesOf(next);
    return { call: next, results: results.map((v, k) => typed(v, types[k] as TensorType)) };
  });
  const outputs = Object.fromEntries(Object.entries(g.outputs).map(([name, v]) => [name, at(v)]));
  return g.with({ inputs, weights, bindings, outputs });
}

function extent(d: Expr, by: ReadonlyMap<Var, Expr>): Expr {
  const known = substitute(d, by);
  return usesVar(known, () => true) ? known : constant(evaluate(exprToJson(known), {}));
}

function formWith(f: Form, by: ReadonlyMap<Var, Expr>): Form {
  if (f instanceof Slot) return f;
  if (f instanceof Extent) {
    const known = extent(f.expr, by);
    return known.kind === "const" ? known.value : new Extent(known);
  }
  if (isOptions(f)) {
    return Object.fromEntries(Object.entries(f).map(([name, x]) => [name, formWith(x, by)]));
  }
  return Array.isArray(f) ? f.map((x: Form) => formWith(x, by)) : f;
}
