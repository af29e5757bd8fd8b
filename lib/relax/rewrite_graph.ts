import type { Graph } from "./graph.ts";
import type { Binding, Call, Value } from "./value.ts";

/** Rewrites a graph call by call. It remembers the value that replaces another. */
export class GraphRewriter {
  readonly #now = new Map<Value, Value>();
  readonly #bindings: Binding[] = [];

  /** Starts with the values of a graph as they are. */
  constructor(readonly graph: Graph) {}

  /** The value that stands for `v` now. */
  at(v: Value): Value {
    return this.#now.get(v) ?? v;
  }

  /** The arguments of a call as they are now; the call itself where none has changed. */
  updated(call: Call): Call {
    const args = call.args.map((v) => this.at(v));
    return args.every((v, k) => v === call.args[k]) ? call : { ...call, args };
  }

  /** From now on, `by` stands for `v`. */
  replace(v: Value, by: Value): void {
    this.#now.set(v, by);
  }

  /** Adds a binding. */
  emit(binding: Binding): void {
    this.#bindings.push(binding);
  }

  /** Adds a binding whose arguments are as they are now. */
  keep({ call, results }: Binding): void {
    this.emit({ call: this.updated(call), results });
  }

  /** The rewritten graph, with the same inputs and weights. */
  finish(): Graph {
    const outputs = Object.fromEntries(
      Object.entries(this.graph.outputs).map(([name, v]) => [name, this.at(v)]),
    );
    return this.graph.with({ bindings: this.#bindings, outputs });
  }
}
