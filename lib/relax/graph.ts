import type { Var } from "../ir/expr.ts";
import { walkExpr } from "../ir/visit.ts";
import { printGraph } from "./print_graph.ts";
import type { Binding, GraphData, Value } from "./value.ts";

/** A function of tensors: straight-line calls, each of values before it. */
export class Graph implements GraphData {
  /** Makes a graph of its parts, unchecked; `verifyGraph` checks it. */
  constructor(
    /** The name of the function. */
    readonly name: string,
    /** The values that are given with each run, in order. */
    readonly inputs: readonly Value[],
    /** The values that are given once, in order. */
    readonly weights: readonly Value[],
    /** The calls, in an order in which they can run. */
    readonly bindings: readonly Binding[],
    /** The results by name. */
    readonly outputs: Readonly<Record<string, Value>>,
    /** Computes some of the weights of others, once: its outputs are weights of this graph, by name. */
    readonly transform?: Graph | undefined,
  ) {}

  /** The graph with some of its parts replaced. */
  with(parts: Partial<Pick<Graph, "inputs" | "weights" | "bindings" | "outputs" | "transform">>): Graph {
    const { inputs, weights, bindings, outputs, transform } = { ...this, ...parts };
    return new Graph(this.name, inputs, weights, bindings, outputs, transform);
  }

  /** The weights that are given: those that the transform makes are left out, and those that it takes are there. */
  get givenWeights(): readonly Value[] {
    const { transform } = this;
    if (!transform) return this.weights;
    const names = new Set(this.weights.map((v) => v.name));
    return [
      ...this.weights.filter((v) => !Object.hasOwn(transform.outputs, v.name)),
      ...transform.weights.filter((v) => !names.has(v.name)),
    ];
  }

  /** The shape variables of inputs and weights. A run settles them. */
  get shapeVars(): readonly Var[] {
    const vars = new Set<Var>();
    for (const { type } of [...this.inputs, ...this.weights]) {
      for (const d of type.shape) walkExpr(d, (e) => e.kind === "var" && vars.add(e));
    }
    return [...vars];
  }

  /** The constants that the calls and the outputs use, each once. */
  get constants(): readonly Value[] {
    const used = [...this.bindings.flatMap((b) => b.call.args), ...Object.values(this.outputs)];
    return [...new Set(used.filter((v) => v.origin.kind === "constant"))];
  }

  /** The graph as text, in Relax's manner. */
  toString(): string {
    return printGraph(this);
  }
}
