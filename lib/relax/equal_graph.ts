import { checkArgument } from "../base/check_options.ts";
import { equalFunc } from "../ir/equal.ts";
import type { Graph } from "./graph.ts";
import { graphKind } from "./kinds.ts";
import type { Call, ConstantData, Form, Value } from "./value.ts";
import { equalType } from "./verify_graph.ts";

/**
 * Tells whether two graphs are one up to the names of their intermediate values: the same inputs, weights and outputs by name
 * and type, and the same calls in the same order.
 */
export function equalGraph(a: Graph, b: Graph): boolean {
  checkArgument("relax.equalGraph", "a", a, graphKind);
  checkArgument("relax.equalGraph", "b", b, graphKind);
  const stands = new Map<Value, Value>();
  const bind = (x: Value, y: Value): boolean => {
    stands.set(x, y);
    return equalType(x.type, y.type);
  };
  const given = (xs: readonly Value[], ys: readonly Value[]) =>
    sameList(xs, ys, (x, y) => x.name === y.name && sameDomain(x, y) && bind(x, y));
  const matches = (x: Value, y: Value): boolean => {
    if (x.origin.kind !== "constant" || y.origin.kind !== "constant") return stands.get(x) === y;
    return equalType(x.type, y.type) && sameData(x.origin.data, y.origin.data);
  };
  const calls = () =>
    sameList(
      a.bindings,
      b.bindings,
      (x, y) =>
        sameCall(x.call, y.call) && sameList(x.call.args, y.call.args, matches) &&
        sameList(x.results, y.results, bind),
    );
  const names = Object.keys(a.outputs);
  return a.name === b.name && sameTransform(a, b) && given(a.inputs, b.inputs) &&
    given(a.weights, b.weights) && calls() &&
    sameList(names, Object.keys(b.outputs), (x, y) => x === y) &&
    names.every((name) => matches(a.outputs[name] as Value, b.outputs[name] as Value));
}

function sameTransform({ transform: x }: Graph, { transform: y }: Graph): boolean {
  return x && y ? equalGraph(x, y) : x === y;
}

function sameCall(x: Call, y: Call): boolean {
  return x.kind === "op"
    ? y.kind === "op" && x.op === y.op && sameForms(x.form, y.form)
    : y.kind === "tir" && equalFunc(x.func, y.func);
}

function sameForms(x: readonly Form[], y: readonly Form[]): boolean {
  return JSON.stringify(x) === JSON.stringify(y);
}

function sameDomain({ origin: x }: Value, { origin: y }: Value): boolean {
  const domainOf = (o: Value["origin"]) => "domain" in o ? o.domain : undefined;
  return JSON.stringify(domainOf(x)) === JSON.stringify(domainOf(y));
}

function sameData(x: ConstantData, y: ConstantData): boolean {
  return x.constructor === y.constructor && sameList([...x], [...y], Object.is);
}

function sameList<X, Y>(x: readonly X[], y: readonly Y[], same: (x: X, y: Y) => boolean): boolean {
  return x.length === y.length && x.every((e, k) => same(e, y[k] as Y));
}
