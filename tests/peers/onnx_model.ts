/** Writes ONNX models of one small graph (onnx.proto3, IR version 10): just what a benchmark needs. */

export const ELEMENT = { float32: 1, uint8: 2, int32: 6, int64: 7 } as const;
export type ElementType = keyof typeof ELEMENT;

export interface Value {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly number[];
}

export interface Initializer extends Value {
  readonly data: Uint8Array<ArrayBuffer>;
}

export interface Node {
  readonly op: string;
  /** Default: ONNX's own operators. */
  readonly domain?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

/** A number is an INT unless it is marked as a FLOAT. */
export type Attribute = number | { readonly float: number } | readonly number[];

export interface Graph {
  readonly nodes: readonly Node[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly initializers?: readonly Initializer[];
}

/** The model as bytes; `domains` besides ONNX's own, with their versions. */
export function modelBytes(graph: Graph, domains: Readonly<Record<string, number>> = {}): Uint8Array {
  const imports = { "": 21, ...domains };
  return join([
    int(1, 10),
    text(2, "tunebook"),
    message(7, [
      ...graph.nodes.map((n) => message(1, nodeFields(n))),
      text(2, "benchmark"),
      ...(graph.initializers ?? []).map((t) =>
        message(5, [
          ...t.dims.map((d) => int(1, d)),
          int(2, ELEMENT[t.type]),
          text(8, t.name),
          bytes(9, t.data),
        ])
      ),
      ...graph.inputs.map((v) => message(11, valueFields(v))),
      ...graph.outputs.map((v) => message(12, valueFields(v))),
    ]),
    ...Object.entries(imports).map(([domain, version]) => message(8, [text(1, domain), int(2, version)])),
  ]);
}

function nodeFields(n: Node): readonly Uint8Array[] {
  return [
    ...n.inputs.map((name) => text(1, name)),
    ...n.outputs.map((name) => text(2, name)),
    text(4, n.op),
    ...Object.entries(n.attributes ?? {}).map(([name, value]) =>
      message(5, [text(1, name), ...attributeFields(value)])
    ),
    text(7, n.domain ?? ""),
  ];
}

function attributeFields(value: Attribute): readonly Uint8Array[] {
  if (typeof value === "number") return [int(3, value), int(20, 2)];
  if ("float" in value) return [join([varint(2 << 3 | 5), float32(value.float)]), int(20, 1)];
  return [...value.map((v) => int(8, v)), int(20, 7)];
}

function valueFields({ name, type, dims }: Value): readonly Uint8Array[] {
  const shape = message(2, dims.map((d) => message(1, [int(1, d)])));
  return [text(1, name), message(2, [message(1, [int(1, ELEMENT[type]), shape])])];
}

/** Protocol buffers' wire format: a field is its number and kind, then its value. */
function varint(value: number): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const out: number[] = [];
  for (; rest > 127n; rest >>= 7n) out.push(Number(rest & 127n) | 128);
  return Uint8Array.of(...out, Number(rest));
}

function int(field: number, value: number): Uint8Array {
  return join([varint(field << 3), varint(value)]);
}

function bytes(field: number, data: Uint8Array): Uint8Array {
  return join([varint(field << 3 | 2), varint(data.length), data]);
}

function text(field: number, value: string): Uint8Array {
  return bytes(field, new TextEncoder().encode(value));
}

function message(field: number, fields: readonly Uint8Array[]): Uint8Array {
  return bytes(field, join(fields));
}

function float32(value: number): Uint8Array {
  return new Uint8Array(new Float32Array([value]).buffer);
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    all.set(p, at);
    at += p.length;
  }
  return all;
}
