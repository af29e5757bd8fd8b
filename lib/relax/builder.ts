/** Makes graphs by running functions on values, as Relax's BlockBuilder does. */
import { TunebookError } from "../base/error.ts";
import { checkArgument, type Kind } from "../base/check_options.ts";
import { aFunction, arrayOf, instanceOf, passing, recordOf, text } from "../base/option_kinds.ts";
import { shownValue } from "../base/shown_value.ts";
import type { ExprLike } from "../ir/build.ts";
import { storageTypeKind } from "../ir/kinds.ts";
import type { StorageType } from "../ir/dtype.ts";
import { storageOf } from "../ir/stored.ts";
import { PrimFunc } from "../ir/func.ts";
import { shownShape } from "../op/check_tensors.ts";
import { placeholder, type PlaceholderDomain, type Tensor } from "../te/tensor.ts";
import { applyOperator, placeholderOf, type Results, typeOf } from "./apply_operator.ts";
import { callTir } from "./call_tir.ts";
import { RelaxError } from "./error.ts";
import { formOf, namesIn, withoutNames } from "./form.ts";
import { Graph } from "./graph.ts";
import { type OperatorName, OPERATORS } from "./operators.ts";
import {
  type Binding,
  type Call,
  type ConstantData,
  type Form,
  type Origin,
  type TensorType,
  Value,
} from "./value.ts";
import { checkName, verifyGraph } from "./verify_graph.ts";

/** A type in which values of a graph stand for tensors. */
export type OnValues<T> = T extends Tensor ? Value
  : T extends (...args: infer A) => infer R ? (...args: { [K in keyof A]: OnValues<A[K]> }) => OnValues<R>
  : T extends object ? { [K in keyof T]: OnValues<T[K]> }
  : T;

/** The operators as a builder has them: they take values of the graph, and give values. */
export type GraphOperators = {
  readonly [K in OperatorName]: OnValues<(typeof OPERATORS)[K]["apply"]>;
};

/** What makes a graph's values. Its operators are those of `op`, on values. */
export type BlockBuilder = Builder & GraphOperators;

const shapeKind: Kind<readonly (ExprLike | string)[]> = passing("a list of extents", Array.isArray);
const programKind: Kind<PrimFunc> = instanceOf(PrimFunc, "a PrimFunc, as te.matmul makes one");
const valuesKind: Kind<readonly Value[]> = arrayOf(instanceOf(Value, "a value of the graph"));
const outputsKind: Kind<Readonly<Record<string, Value>>> = recordOf(
  instanceOf(Value, "a value of the graph"),
);

/** The methods of a builder that are no operators. */
export class Builder {
  readonly #inputs: Value[] = [];
  readonly #weights: Value[] = [];
  readonly #bindings: Binding[] = [];
  readonly #names = new Map<string, Value>();
  readonly #known = new Set<Value>();

  /** Makes the builder of a graph; {@linkcode graph} calls this. */
  constructor(readonly name: string) {}

  /**
   * Adds a value that is given with each run.
   *
   * @param shape the extents: positive integers, shape variables or their names, and expressions of them
   * @param dtype f32 by default
   * @param domain the values that it may have, as `{ below: 32000 }`
   */
  input(
    name: string,
    shape: readonly (ExprLike | string)[],
    dtype: StorageType = "f32",
    domain?: PlaceholderDomain,
  ): Value {
    const { type, origin } = this.#given("input", name, shape, dtype, domain);
    return this.#add(name, type, origin, this.#inputs);
  }

  /** Adds a value that is given once, when the graph is built. It takes what {@linkcode input} takes. */
  weight(
    name: string,
    shape: readonly (ExprLike | string)[],
    dtype: StorageType = "f32",
    domain?: PlaceholderDomain,
  ): Value {
    const { type, origin } = this.#given("weight", name, shape, dtype, domain);
    return this.#add(name, type, origin, this.#weights);
  }

  #given(
    kind: "input" | "weight",
    name: string,
    shape: readonly (ExprLike | string)[],
    dtype: StorageType,
    domain: PlaceholderDomain | undefined,
  ): { readonly type: TensorType; readonly origin: Origin } {
    checkArgument(`b.${kind}`, "name", name, text);
    checkArgument(`b.${kind}`, "shape", shape, shapeKind);
    checkArgument(`b.${kind}`, "dtype", dtype, storageTypeKind);
    const t = placeholder(name, shape, dtype, domain);
    return { type: typeOf(t), origin: { kind, ...(t.domain ? { domain: t.domain } : {}) } };
  }

  /**
   * Adds a constant.
   *
   * @param data the elements, row-major, in the typed array of the dtype
   * @param shape the extents, constants all
   */
  constant(name: string, data: ConstantData, shape: readonly number[], dtype?: StorageType): Value {
    checkArgument("b.constant", "name", name, text);
    const found = dtype ?? dtypeOfData(data);
    if (found === undefined) {
      throw new RelaxError(
        `expected data in a Float32Array, Float16Array, Int32Array or Uint32Array, got ${
          shownValue(data)
        }, ` +
          `in b.constant`,
      );
    }
    const type = typeOf(placeholder(name, shape, found));
    const size = shape.reduce((n, d) => n * d, 1);
    if (data.length !== size) {
      throw new RelaxError(`expected ${size} elements of [${shape}], got ${data.length}, in b.constant`);
    }
    return this.#add(name, type, { kind: "constant", data });
  }

  /**
   * Calls a program of the user's own: Relax's `call_tir`. Its inputs are matched with the arguments in order, and its
   * shape variables follow from their shapes.
   *
   * @returns the program's outputs, in the order of its parameters
   * @throws {RelaxError} for arguments that don't fit its inputs
   */
  call(func: PrimFunc, ...args: readonly Value[]): readonly Value[] {
    checkArgument("b.call", "func", func, programKind);
    checkArgument("b.call", "args", args, valuesKind);
    this.#checkKnown("call", args);
    const { call, types } = callTir(func, args);
    return this.#bind(call, types, []);
  }

  /** Calls an operator of the table. */
  operate(op: OperatorName, args: readonly unknown[]): unknown {
    const values: Value[] = [];
    const form = args.map((x) => formOf(x, values));
    this.#checkKnown(op, values);
    const { tensors: results, inPlace } = this.#applied(op, form, values);
    const chosen = namesIn(form);
    const names = results.map((t) => chosen.includes(t.name) ? t.name : undefined);
    const call = { kind: "op", op, args: values, form: withoutNames(form) } as const;
    return inPlace(this.#bind(call, results.map(typeOf), names));
  }

  #applied(op: OperatorName, form: readonly Form[], values: readonly Value[]): Results {
    try {
      return applyOperator({ op, form }, values.map((v) => placeholderOf(v.name, v)));
    } catch (e) {
      if (!(e instanceof TunebookError)) throw e;
      const given = values.map(({ name, type }) => `${name}: ${storageOf(type)}${shownShape(type.shape)}`)
        .join(
          ", ",
        );
      throw new RelaxError(`${e.message}; called as ${op}(${given}) in the graph ${this.name}`, { cause: e });
    }
  }

  /** Ends the graph. */
  finish(outputs: Readonly<Record<string, Value>>): Graph {
    checkArgument("relax.graph", "outputs", outputs, outputsKind);
    this.#checkKnown("the outputs", Object.values(outputs));
    const made = new Graph(this.name, this.#inputs, this.#weights, this.#bindings, outputs);
    verifyGraph(made);
    return made;
  }

  #checkKnown(where: string, values: readonly Value[]): void {
    const other = values.find((v) => !this.#known.has(v));
    if (!other) return;
    throw new RelaxError(
      `expected values of the graph ${this.name}, got ${other.name} of another one, in ${where}`,
    );
  }

  #bind(call: Call, types: readonly TensorType[], names: readonly (string | undefined)[]): readonly Value[] {
    const results = types.map((type, k) => {
      return this.#add(names[k] ?? this.#fresh("lv"), type, { kind: "result" });
    });
    this.#bindings.push({ call, results });
    return results;
  }

  #fresh(prefix: string): string {
    for (let k = this.#bindings.length;; k++) {
      const name = `${prefix}${k}`;
      if (!this.#names.has(name)) return name;
    }
  }

  #add(name: string, type: TensorType, origin: Origin, list?: Value[]): Value {
    checkName(name);
    if (this.#names.has(name)) throw new RelaxError(`expected a new name in ${this.name}, got ${name} again`);
    const value = new Value(name, type, origin);
    this.#names.set(name, value);
    this.#known.add(value);
    list?.push(value);
    return value;
  }
}

function dtypeOfData(data: unknown): StorageType | undefined {
  if (data instanceof Float32Array) return "f32";
  if (data instanceof Float16Array) return "f16";
  if (data instanceof Int32Array) return "i32";
  if (data instanceof Int8Array) return "i8";
  if (data instanceof Uint8Array) return "u8";
  if (data instanceof Uint16Array) return "bf16";
  return data instanceof Uint32Array ? "u32" : undefined;
}

const OPERATOR_NAMES = Object.keys(OPERATORS) as readonly OperatorName[];

/**
 * Makes a graph, as Relax's BlockBuilder does: `make` runs operators on values, and returns the results by name. The
 * operators are those of `op`; types are inferred as each is called.
 *
 * @param name the name of the function
 * @throws {RelaxError} for values of another graph, a name that is taken, and a result that is no value
 * @throws {OptionError} for an option that an operator doesn't take
 * @throws {TeError} for values that don't fit together; it names the operator, the values and their shapes
 */
export function graph(
  name: string,
  make: (b: BlockBuilder) => Readonly<Record<string, Value>>,
): Graph {
  checkArgument("relax.graph", "name", name, text);
  checkArgument("relax.graph", "make", make, aFunction("a function of the builder"));
  const builder = new Builder(name);
  const operators = Object.fromEntries(
    OPERATOR_NAMES.map((op) => [op, (...args: readonly unknown[]) => builder.operate(op, args)]),
  );
  // Each operator checks its own arguments; the types are those of the table.
  return builder.finish(make(Object.assign(builder, operators) as unknown as BlockBuilder));
}
