/** A node as operators read it: attributes by name, each checked, and errors that name the node. */
import { printable } from "../../base/printable.ts";
import { OnnxError } from "./error.ts";
import type { Item } from "./item.ts";
import type { AttributeProto, GraphProto, NodeProto, TensorProto } from "./messages.ts";

const TYPES = { float: 1, int: 2, text: 3, tensor: 4, graph: 5, floats: 6, ints: 7, texts: 8 } as const;

/** The call of an operator. */
export class OnnxNode {
  readonly #attributes: ReadonlyMap<string, AttributeProto>;

  /** Makes a node of its message. */
  constructor(
    readonly proto: NodeProto,
    /** The version of the operator's set. */
    readonly opset: number,
  ) {
    this.#attributes = new Map(proto.attributes.map((a) => [a.name, a]));
  }

  /** The operator. */
  get op(): string {
    return this.proto.op;
  }

  /** The operator and the node's name, as errors quote them: `Reshape "flat"`. */
  get label(): string {
    const name = this.proto.name || this.proto.outputs.find((x) => x !== "") || "";
    return `${this.op} ${printable(JSON.stringify(name), 200)}`;
  }

  /** Tells whether an attribute is given. */
  has(name: string): boolean {
    return this.#attributes.has(name);
  }

  /** Gives an integer; `fallback` if it is left out. */
  int(name: string, fallback: number): number {
    const a = this.#given(name, "int");
    if (!a) return fallback;
    const x = a.i ?? 0;
    if (!Number.isSafeInteger(x)) this.fail(`${name} to be an integer below 2^53 in magnitude`, `${x}`);
    return x;
  }

  /** Gives an integer that is a switch. */
  flag(name: string, fallback: boolean): boolean {
    return this.int(name, fallback ? 1 : 0) !== 0;
  }

  /** Gives a list of integers; undefined if it is left out. */
  ints(name: string): readonly number[] | undefined {
    const list = this.#given(name, "ints")?.ints;
    if (list && list.length > 2 ** 16) this.fail(`up to 65,536 integers in ${name}`, `${list.length}`);
    return list;
  }

  /** Gives a float; `fallback` if it is left out. */
  float(name: string, fallback: number): number {
    const a = this.#given(name, "float");
    if (!a) return fallback;
    const x = a.f ?? 0;
    return Number.isFinite(x) ? x : this.fail(`${name} to be a finite number`, `${x}`);
  }

  /** Gives a list of floats; undefined if it is left out. */
  floats(name: string): readonly number[] | undefined {
    return this.#given(name, "floats")?.floats;
  }

  /** Gives text; `fallback` if it is left out. */
  text(name: string, fallback: string): string {
    const a = this.#given(name, "text");
    return a ? a.s ?? "" : fallback;
  }

  /** Gives a list of texts; undefined if it is left out. */
  texts(name: string): readonly string[] | undefined {
    return this.#given(name, "texts")?.strings;
  }

  /** Gives one of some words. */
  oneOf<const W extends readonly string[]>(name: string, words: W, fallback: W[number]): W[number] {
    const given = this.text(name, fallback), word = words.find((w) => w === given);
    return word ?? this.fail(`${name} to be ${words.join(", ")}`, printable(JSON.stringify(given), 100));
  }

  /** Gives a tensor; undefined if it is left out. */
  tensor(name: string): TensorProto | undefined {
    return this.#given(name, "tensor")?.t;
  }

  /** Gives a graph. */
  graph(name: string): GraphProto {
    return this.#given(name, "graph")?.g ?? this.fail(`a graph ${name}`, "none");
  }

  #given(name: string, type: keyof typeof TYPES): AttributeProto | undefined {
    const a = this.#attributes.get(name);
    if (!a || a.ref !== "") return undefined;
    // Files of the first versions leave out the type.
    if (a.type !== 0 && a.type !== TYPES[type]) this.fail(`${name} to be of type ${type}`, `type ${a.type}`);
    return a;
  }

  /** Gives an input that must be there. */
  input(inputs: readonly (Item | undefined)[], k: number): Item {
    return inputs[k] ?? this.fail(`input ${k}`, `${inputs.filter((x) => x).length} inputs`);
  }

  /** Gives the numbers of an input; undefined if it is left out. Refuses elements that only a run knows. */
  numbers(inputs: readonly (Item | undefined)[], k: number, what: string): readonly number[] | undefined {
    const item = inputs[k];
    if (!item) return undefined;
    const { numbers } = item;
    if (numbers) return Array.from(numbers);
    const got = item.known ? "expressions of shape variables" : "values that only a run knows";
    return this.fail(`${what} (input ${k}) to be known at import, because shapes depend on it`, got);
  }

  /** Gives the number of an input; undefined if it is left out. */
  number(inputs: readonly (Item | undefined)[], k: number, what: string): number | undefined {
    const list = this.numbers(inputs, k, what);
    if (list && list.length !== 1) this.fail(`one number for ${what} (input ${k})`, `${list.length}`);
    return list?.[0];
  }

  /** Gives an axis of a value of `rank` dimensions, counted from the begin. */
  axis(axis: number, rank: number): number {
    const d = axis < 0 ? axis + rank : axis;
    if (Number.isInteger(d) && d >= 0 && d < rank) return d;
    return this.fail(`an axis from ${-rank} to ${rank - 1}`, `${axis}`);
  }

  /** Gives several axes, each once. */
  axes(axes: readonly number[], rank: number): readonly number[] {
    const all = axes.map((a) => this.axis(a, rank));
    if (new Set(all).size !== all.length) this.fail("each axis once", `[${axes.join(", ")}]`);
    return all;
  }

  /** Refuses the node. */
  fail(expected: string, got: string): never {
    throw new OnnxError(`expected ${expected}, got ${got}, in ${this.label}`);
  }
}
