import { freshName } from "../base/fresh_name.ts";
import { placeholder } from "../te/tensor.ts";
import { applyOperator, placeholderOf, typeOf } from "./apply_operator.ts";
import { type Argument, formOf, withoutNames } from "./form.ts";
import type { Graph } from "./graph.ts";
import type { OperatorName } from "./operators.ts";
import { type Binding, type Call, type OpCall, type TensorType, Value } from "./value.ts";
import { equalType } from "./verify_graph.ts";

/** Rewrites a graph call by call. It remembers the value that replaces another. */
export class GraphRewriter {
  readonly #now = new Map<Value, Value>();
  readonly #bindings: Binding[] = [];
  #names: Set<string> | undefined;

  /** Starts with the values of a graph as they are. */
  constructor(readonly graph: Graph) {}

  /** The value that stands for `v` now. */
  at(v: Value): Value {
    return this.#now.get(v) ?? v;
  }

  /** The arguments of a call as they are now; the call itself where none has changed. */
  updated<C extends Call>(call: C): C {
    const args = call.args.map((v) => this.at(v));
    return args.every((v, k) => v === call.args[k]) ? call : { ...call, args };
  }

  /** From now on, `by` stands for `v`. */
  replace(v: Value, by: Value): void {
    this.#now.set(v, by);
  }

  /** The binding that was added last. */
  get last(): Binding | undefined {
    return this.#bindings.at(-1);
  }

  /** Adds a binding. */
  emit(binding: Binding): void {
    this.#bindings.push(binding);
  }

  /** Adds a binding whose arguments are as they are now. */
  keep({ call, results }: Binding): void {
    this.emit({ call: this.updated(call), results });
  }

  /** Adds the call of an operator, and gives its result. */
  op(op: OperatorName, ...args: readonly Argument[]): Value {
    const { call, types: [type] } = typedCall(op, args);
    const result = new Value(this.fresh(), type as TensorType, { kind: "result" });
    this.emit({ call, results: [result] });
    return result;
  }

  /** Adds the call of an operator whose result stands for `v` from now on; it is `v` itself where it has its type. */
  define(v: Value, op: OperatorName, ...args: readonly Argument[]): void {
    const { call, types: [type] } = typedCall(op, args);
    if (equalType(type as TensorType, v.type)) {
      this.emit({ call, results: [v] });
      return;
    }
    const result = new Value(this.fresh(), type as TensorType, { kind: "result" });
    this.emit({ call, results: [result] });
    this.replace(v, result);
  }

  /** A constant of f32. */
  constant(wanted: string, data: Float32Array, shape: readonly number[]): Value {
    const type = typeOf(placeholder(wanted, shape, "f32"));
    return new Value(this.fresh(wanted), type, { kind: "constant", data });
  }

  /** A name that no value has yet. */
  fresh(wanted = "lv"): string {
    this.#names ??= new Set(namesOf(this.graph));
    return freshName(wanted, this.#names);
  }

  /** The rewritten graph, with the same inputs and weights. */
  finish(): Graph {
    const outputs = Object.fromEntries(
      Object.entries(this.graph.outputs).map(([name, v]) => [name, this.at(v)]),
    );
    return this.graph.with({ bindings: this.#bindings, outputs });
  }
}

/** The call of an operator, and the types of its results. */
function typedCall(
  op: OperatorName,
  args: readonly Argument[],
): { readonly call: OpCall; readonly types: readonly TensorType[] } {
  const values: Value[] = [];
  const form = withoutNames(args.map((x) => formOf(x, values)));
  const { tensors } = applyOperator({ op, form }, values.map((v) => placeholderOf(v.name, v)));
  return { call: { kind: "op", op, args: values, form }, types: tensors.map(typeOf) };
}

/** The names of a graph's values and outputs. */
export function namesOf(g: Graph): readonly string[] {
  const results = g.bindings.flatMap((b) => b.results);
  return [
    ...[...g.inputs, ...g.weights, ...g.constants, ...results].map((v) => v.name),
    ...Object.keys(g.outputs),
  ];
}

/** Counts how often each value is used, as an argument of a call or as an output. */
export function usesIn(g: Graph): ReadonlyMap<Value, number> {
  const uses = new Map<Value, number>();
  for (const v of [...g.bindings.flatMap((b) => b.call.args), ...Object.values(g.outputs)]) {
    uses.set(v, (uses.get(v) ?? 0) + 1);
  }
  return uses;
}
