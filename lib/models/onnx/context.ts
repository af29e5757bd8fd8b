/** What operators make values of a graph with. */
import { add, constant, floorMod, isConst, sub } from "../../ir/build.ts";
import { equalExpr } from "../../ir/equal.ts";
import type { ScalarType } from "../../ir/dtype.ts";
import type { Expr, Var } from "../../ir/expr.ts";
import { variable } from "../../ir/build.ts";
import type { BlockBuilder } from "../../relax/builder.ts";
import type { Value } from "../../relax/value.ts";
import { compute } from "../../te/compute.ts";
import { bf16OfFloats } from "../../ir/stored.ts";
import { primFunc } from "../../te/prim_func.ts";
import { placeholder, type Tensor } from "../../te/tensor.ts";
import { dtypeOf, ELEMENT_TYPES, type ElementType, isFloatType } from "./element_types.ts";
import { OnnxError } from "./error.ts";
import { exprOf, Item } from "./item.ts";
import type { OnnxNode } from "./node.ts";
import { type Elements, narrowed, type Weights } from "./tensor_data.ts";

/** Constants of up to this number of floats are a part of the graph; longer ones are weights. */
const SMALL = 64;

/** The most calls of operators that nodes with repeated parts may make in one model. */
const MOST_REPEATS = 2 ** 14;

/** The graph that a model becomes. */
export class ImportContext {
  /** The elements of the weights, by their names in the graph. */
  readonly weights: Record<string, Weights> = {};
  readonly #values = new Map<Item, Value>();
  readonly #names = new Set<string>();
  #repeats = 0;

  /** Makes the context of a graph. */
  constructor(readonly b: BlockBuilder) {}

  /** Makes a name that the graph can have, of one in the model. */
  name(wanted: string): string {
    const letters = wanted.slice(0, 100).replace(/\W/g, "_") || "value";
    const base = /^[A-Za-z]/.test(letters) ? letters : `v${letters}`;
    let name = base;
    for (let k = 1; this.#names.has(name) || /^lv\d*$/.test(name); k++) name = `${base}_${k}`;
    this.#names.add(name);
    return name;
  }

  /** Counts the repeated parts of a node, such as the steps of a sequence: an untrusted model may ask for many. */
  repeats(node: OnnxNode, count: number): void {
    this.#repeats += count;
    if (this.#repeats <= MOST_REPEATS) return;
    node.fail(`up to ${MOST_REPEATS} steps and parts in one model`, `${this.#repeats}`);
  }

  /** Stands for a value of the graph. */
  of(type: ElementType, value: Value): Item {
    const item = new Item(type, value.type.shape);
    this.#values.set(item, value);
    return item;
  }

  /** Gives the value of the graph for one of the model; known elements become constants and weights. */
  value(item: Item): Value {
    const found = this.#values.get(item);
    if (found) return found;
    const made = item.numbers ? this.#constant(item, item.numbers) : this.#symbolic(item);
    this.#values.set(item, made);
    return made;
  }

  #constant(item: Item, numbers: ArrayLike<number>): Value {
    const dims = item.dims ?? [], where = item.label ?? "a constant";
    if (dims.includes(0)) {
      throw new OnnxError(`expected tensors with elements, got extents [${dims.join(", ")}], in ${where}`);
    }
    const data = stored(item.type, numbers, where), name = this.name(item.label ?? "c");
    const dtype = dtypeOf(item.type), { stored: bits } = ELEMENT_TYPES[item.type];
    if (bits && data.length > SMALL) {
      this.weights[name] = bits === "i8"
        ? Int8Array.from(data)
        : bits === "u8"
        ? Uint8Array.from(data)
        : bf16OfFloats(data);
      return this.b.cast(this.b.weight(name, dims, bits), dtype);
    }
    if (!isFloatType(item.type) || data.length <= SMALL) return this.b.constant(name, data, dims, dtype);
    this.weights[name] = data;
    return this.b.weight(name, dims, dtype);
  }

  /** Computes elements that are expressions of shape variables: the last number of a range up to the expression. */
  #symbolic(item: Item): Value {
    const parts = Array.from(item.known ?? [], (x) => {
      const e = exprOf(x);
      if (isConst(e)) return this.b.full([1], e.value, { dtype: "i32" });
      return this.b.slice(this.b.arange({ start: 1, stop: add(e, 1) }), { begin: [-1] });
    });
    const [first] = parts;
    if (!first) {
      throw new OnnxError(`expected tensors with elements, got none, in ${item.label ?? "a shape"}`);
    }
    const list = parts.length === 1 ? first : this.b.concat(parts), dtype = dtypeOf(item.type);
    const shaped = item.rank === 1 ? list : this.b.reshape(list, item.shape);
    return dtype === "i32" ? shaped : this.b.cast(shaped, dtype);
  }

  /**
   * Computes tensors of others with a program of their own.
   *
   * @param name the program's name
   * @param values the inputs
   * @param make computes the results of placeholders, whose extents are variables where those of the values are no numbers
   */
  program(
    name: string,
    values: readonly Value[],
    make: (...tensors: readonly Tensor[]) => Tensor | readonly Tensor[],
  ): readonly Value[] {
    const vars: (readonly [Expr, Var])[] = [];
    const extent = (d: Expr): Expr => {
      if (isConst(d)) return d;
      const known = vars.find(([e]) => equalExpr(e, d));
      if (known) return known[1];
      const v = variable(`s${vars.length}`);
      vars.push([d, v]);
      return v;
    };
    const inputs = values.map(({ type }, k) => placeholder(`p${k}`, type.shape.map(extent), type.dtype));
    const results = [make(...inputs)].flat() as readonly Tensor[];
    return this.b.call(primFunc(name, [...inputs, ...results]), ...values);
  }

  /** Computes each element of a tensor by itself. */
  each(name: string, value: Value, f: (x: Expr) => Expr): Value {
    return this.program(
      name,
      [value],
      (...[A]) => compute("B", (A as Tensor).shape, (...at) => f((A as Tensor).at(...at))),
    )[0] as Value;
  }

  /** Wraps integers around at the ends of a narrow type. */
  wrapped(type: ElementType, value: Value): Item {
    const { wraps } = ELEMENT_TYPES[type];
    if (!wraps) return this.of(type, value);
    const [least, largest] = wraps;
    return this.of(
      type,
      this.each("wrap", value, (x) => add(floorMod(sub(x, least), largest - least + 1), least)),
    );
  }

  /** Converts a value to another dtype. */
  as(value: Value, dtype: ScalarType): Value {
    return value.type.dtype === dtype ? value : this.b.cast(value, dtype);
  }

  /** Makes a constant of one number. */
  scalar(x: number, dtype: ScalarType): Value {
    const data = dtype === "f32"
      ? new Float32Array([x])
      : dtype === "f16"
      ? new Float16Array([x])
      : dtype === "i32"
      ? new Int32Array([x])
      : new Uint32Array([x]);
    return this.b.constant(this.name("c"), data, [], dtype);
  }

  /** Makes a constant of f32, or a weight where it is large. */
  floats(data: ArrayLike<number>, dims: readonly number[], type: ElementType = "float"): Value {
    return this.value(new Item(type, dims.map((d) => constant(d)), data));
  }
}

/** Writes known numbers in the array of their type's dtype. */
export function stored(type: ElementType, numbers: ArrayLike<number>, where: string): Elements {
  const dtype = dtypeOf(type);
  const fits = dtype === "f32"
    ? numbers instanceof Float32Array
    : dtype === "f16"
    ? numbers instanceof Float16Array
    : dtype === "i32"
    ? numbers instanceof Int32Array
    : numbers instanceof Uint32Array;
  if (fits) return numbers as Elements;
  return narrowed(type, numbers.length, (k) => numbers[k] as number, where);
}
