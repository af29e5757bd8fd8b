/** Writes ONNX models for tests: a tiny writer of Protocol Buffers, independent of the reader. */
import { ELEMENT_TYPES, type ElementType } from "../../../lib/models/onnx/element_types.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Joins bytes. */
export function joined(...parts: readonly Uint8Array[]): Bytes {
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    all.set(p, at);
    at += p.length;
  }
  return all;
}

/** Writes a number of variable length. */
export function varint(x: number | bigint): Bytes {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(x));
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 128 : low);
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}

/** Writes a field with a length. */
export function field(number: number, content: Uint8Array | string): Bytes {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return joined(varint(number << 3 | 2), varint(bytes.length), bytes);
}

/** Writes a field of a number. */
export function int(number: number, x: number | bigint): Bytes {
  return joined(varint(number << 3), varint(x));
}

function float(number: number, x: number): Bytes {
  return joined(varint(number << 3 | 5), new Uint8Array(new Float32Array([x]).buffer));
}

/** A tensor with elements. */
export interface TestTensor {
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly data: readonly number[];
}

/** Makes a tensor of f32. */
export function f32(dims: readonly number[], data: readonly number[]): TestTensor {
  return { type: "float", dims, data };
}

/** Makes a list of int64. */
export function i64(...data: readonly number[]): TestTensor {
  return { type: "int64", dims: [data.length], data };
}

function raw({ type, data }: TestTensor): Bytes {
  const view = (list: ArrayBufferView<ArrayBuffer>) => new Uint8Array(list.buffer);
  switch (type) {
    case "float":
      return view(new Float32Array(data));
    case "double":
      return view(new Float64Array(data));
    case "float16":
      return view(new Float16Array(data));
    case "int64":
    case "uint64":
      return view(BigInt64Array.from(data, BigInt));
    case "int32":
    case "uint32":
      return view(new Int32Array(data));
    case "bfloat16":
      return view(
        Uint16Array.from(data, (x) => new DataView(new Float32Array([x]).buffer).getUint16(2, true)),
      );
    case "int16":
    case "uint16":
      return view(new Int16Array(data));
    default:
      return Uint8Array.from(data, (x) => x & 255);
  }
}

/** Writes a tensor with raw data. */
export function tensorBytes(name: string, t: TestTensor): Bytes {
  return joined(
    ...t.dims.map((d) => int(1, d)),
    int(2, ELEMENT_TYPES[t.type].code),
    field(8, name),
    field(9, raw(t)),
  );
}

/** An attribute: a number is an integer; floats are given as `{ f }`, lists as lists. */
export type TestAttribute =
  | bigint
  | number
  | string
  | readonly (number | bigint)[]
  | { readonly f: number }
  | { readonly fs: readonly number[] }
  | { readonly t: TestTensor }
  | { readonly g: Bytes };

function attribute(name: string, a: TestAttribute): Bytes {
  const content = () => {
    if (typeof a === "number" || typeof a === "bigint") return joined(int(3, a), int(20, 2));
    if (typeof a === "string") return joined(field(4, a), int(20, 3));
    if (Array.isArray(a)) {
      return joined(...(a as readonly (number | bigint)[]).map((x) => int(8, x)), int(20, 7));
    }
    if ("f" in a) return joined(float(2, a.f), int(20, 1));
    if ("fs" in a) return joined(...a.fs.map((x) => float(7, x)), int(20, 6));
    if ("t" in a) return joined(field(5, tensorBytes("", a.t)), int(20, 4));
    return joined(field(6, (a as { readonly g: Bytes }).g), int(20, 5));
  };
  return joined(field(1, name), content());
}

/** A node: its operator, the names of inputs and outputs, attributes, and the operator's set. */
export interface TestNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs?: readonly string[];
  readonly attributes?: Readonly<Record<string, TestAttribute>>;
  readonly domain?: string;
}

function nodeBytes({ op, inputs, outputs = ["y"], attributes = {}, domain }: TestNode): Bytes {
  return joined(
    ...inputs.map((x) => field(1, x)),
    ...outputs.map((x) => field(2, x)),
    field(3, `${op}_node`),
    field(4, op),
    ...Object.entries(attributes).map(([name, a]) => field(5, attribute(name, a))),
    ...(domain === undefined ? [] : [field(7, domain)]),
  );
}

/** The extents of an input: numbers, or names. */
export interface TestInput {
  readonly type?: ElementType;
  readonly dims: readonly (number | string)[];
}

function infoBytes(name: string, { type = "float", dims }: TestInput): Bytes {
  const shape = joined(...dims.map((d) => field(1, typeof d === "number" ? int(1, d) : field(2, d))));
  const tensor = joined(int(1, ELEMENT_TYPES[type].code), field(2, shape));
  return joined(field(1, name), field(2, field(1, tensor)));
}

/** What a model is made of. */
export interface TestModel {
  readonly nodes: readonly TestNode[];
  readonly inputs?: Readonly<Record<string, TestInput>>;
  readonly initializers?: Readonly<Record<string, TestTensor>>;
  readonly outputs?: readonly string[];
  readonly opset?: number;
}

/** Writes a graph. */
export function graphBytes({ nodes, inputs = {}, initializers = {}, outputs = ["y"] }: TestModel): Bytes {
  return joined(
    ...nodes.map((n) => field(1, nodeBytes(n))),
    field(2, "test"),
    ...Object.entries(initializers).map(([name, t]) => field(5, tensorBytes(name, t))),
    ...Object.entries(inputs).map(([name, x]) => field(11, infoBytes(name, x))),
    ...outputs.map((name) => field(12, infoBytes(name, { dims: [] }))),
  );
}

/** Writes a model. */
export function modelBytes(model: TestModel): Bytes {
  return joined(
    int(1, 8),
    field(7, graphBytes(model)),
    field(8, joined(field(1, ""), int(2, model.opset ?? 17))),
  );
}
