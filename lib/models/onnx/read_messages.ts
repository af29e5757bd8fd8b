/** Reads the messages of ONNX files from bytes. */
import type {
  AttributeProto,
  DimProto,
  GraphProto,
  ModelProto,
  NodeProto,
  TensorProto,
  ValueInfoProto,
} from "./messages.ts";
import { ProtobufReader, type WireType } from "./protobuf.ts";

type Take = (r: ProtobufReader, wire: WireType) => void;

/** Reads a message: `fields` says what to do with each field, by its number. */
function read(r: ProtobufReader, fields: Readonly<Record<number, Take>>): void {
  for (let f = r.field(); f; f = r.field()) {
    const take = fields[f.number];
    if (take) take(r, f.wire);
    else r.skip(f.wire);
  }
}

/**
 * Reads a model.
 *
 * @throws {OnnxError} for bytes that are no model; it names the byte
 */
export function readModel(bytes: Uint8Array<ArrayBuffer>): ModelProto {
  let irVersion = 0, graph: GraphProto | undefined;
  const opsets = new Map<string, number>(), functions: string[] = [];
  const r = new ProtobufReader(bytes);
  read(r, {
    1: (r, wire) => irVersion = r.integer(wire),
    7: (r, wire) => graph = readGraph(r.message(wire)),
    8: (r, wire) => {
      let domain = "", version = 0;
      read(r.message(wire), {
        1: (r, wire) => domain = r.text(wire),
        2: (r, wire) => version = r.integer(wire),
      });
      opsets.set(domain === "ai.onnx" ? "" : domain, version);
    },
    25: (r, wire) => {
      let name = "", domain = "";
      read(r.message(wire), {
        1: (r, wire) => name = r.text(wire),
        10: (r, wire) => domain = r.text(wire),
      });
      functions.push(`${domain}.${name}`);
    },
  });
  return { irVersion, opsets, functions, ...(graph ? { graph } : {}) };
}

function readGraph(r: ProtobufReader): GraphProto {
  let name = "";
  const nodes: NodeProto[] = [], initializers: TensorProto[] = [];
  const inputs: ValueInfoProto[] = [], outputs: ValueInfoProto[] = [];
  read(r, {
    1: (r, wire) => nodes.push(readNode(r.message(wire))),
    2: (r, wire) => name = r.text(wire),
    5: (r, wire) => initializers.push(readTensor(r.message(wire))),
    11: (r, wire) => inputs.push(readValueInfo(r.message(wire))),
    12: (r, wire) => outputs.push(readValueInfo(r.message(wire))),
    15: (r) => r.fail("a graph without sparse initializers", "one"),
  });
  return { name, nodes, initializers, inputs, outputs };
}

function readNode(r: ProtobufReader): NodeProto {
  let name = "", op = "", domain = "";
  const inputs: string[] = [], outputs: string[] = [], attributes: AttributeProto[] = [];
  read(r, {
    1: (r, wire) => inputs.push(r.text(wire)),
    2: (r, wire) => outputs.push(r.text(wire)),
    3: (r, wire) => name = r.text(wire),
    4: (r, wire) => op = r.text(wire),
    5: (r, wire) => attributes.push(readAttribute(r.message(wire))),
    7: (r, wire) => domain = r.text(wire),
  });
  return { name, op, domain: domain === "ai.onnx" ? "" : domain, inputs, outputs, attributes };
}

function readAttribute(r: ProtobufReader): AttributeProto {
  let name = "", type = 0, ref = "";
  const one: { f?: number; i?: number; s?: string; t?: TensorProto; g?: GraphProto } = {};
  const floats: number[] = [], ints: number[] = [], strings: string[] = [];
  read(r, {
    1: (r, wire) => name = r.text(wire),
    2: (r, wire) => one.f = r.float(wire),
    3: (r, wire) => one.i = r.int64(wire),
    4: (r, wire) => one.s = r.text(wire),
    5: (r, wire) => one.t = readTensor(r.message(wire)),
    6: (r, wire) => one.g = readGraph(r.message(wire)),
    7: (r, wire) => r.floats(wire, floats),
    8: (r, wire) => r.int64s(wire, ints),
    9: (r, wire) => strings.push(r.text(wire)),
    20: (r, wire) => type = r.integer(wire),
    21: (r, wire) => ref = r.text(wire),
  });
  return { name, type, ...one, floats, ints, strings, ref };
}

/**
 * Reads a tensor.
 *
 * @throws {OnnxError} for bytes that are no tensor; it names the byte
 */
export function readTensor(r: ProtobufReader): TensorProto {
  let name = "", type = 0, strings = 0, raw: Uint8Array<ArrayBuffer> | undefined, outside = false;
  const dims: number[] = [], floats: number[] = [], int32s: number[] = [], int64s: number[] = [];
  const doubles: number[] = [], uint64s: number[] = [], external = new Map<string, string>();
  read(r, {
    1: (r, wire) => r.int64s(wire, dims),
    2: (r, wire) => type = r.integer(wire),
    3: (r) => r.fail("a tensor in one piece", "a segment"),
    4: (r, wire) => r.floats(wire, floats),
    5: (r, wire) => r.int64s(wire, int32s),
    6: (r, wire) => {
      r.part(wire);
      strings++;
    },
    7: (r, wire) => r.int64s(wire, int64s),
    8: (r, wire) => name = r.text(wire),
    9: (r, wire) => raw = r.part(wire),
    10: (r, wire) => r.doubles(wire, doubles),
    11: (r, wire) => r.uint64s(wire, uint64s),
    13: (r, wire) => {
      let key = "", value = "";
      read(r.message(wire), {
        1: (r, wire) => key = r.text(wire),
        2: (r, wire) => value = r.text(wire),
      });
      external.set(key, value);
    },
    14: (r, wire) => outside = r.integer(wire) === 1,
  });
  return {
    name,
    type,
    dims,
    ...(raw ? { raw } : {}),
    floats,
    int32s,
    int64s,
    doubles,
    uint64s,
    strings,
    ...(outside ? { external } : {}),
  };
}

const KINDS = {
  1: "tensor",
  4: "sequence",
  5: "map",
  8: "sparse tensor",
  9: "optional",
} as const;

function readValueInfo(r: ProtobufReader): ValueInfoProto {
  let name = "", kind: ValueInfoProto["kind"] = "unknown", type = 0, dims: DimProto[] | undefined;
  const other = (code: keyof typeof KINDS): Take => (r, wire) => {
    kind = KINDS[code];
    r.skip(wire);
  };
  read(r, {
    1: (r, wire) => name = r.text(wire),
    2: (r, wire) =>
      read(r.message(wire), {
        1: (r, wire) => {
          kind = "tensor";
          read(r.message(wire), {
            1: (r, wire) => type = r.integer(wire),
            2: (r, wire) => dims = readShape(r.message(wire)),
          });
        },
        4: other(4),
        5: other(5),
        8: other(8),
        9: other(9),
      }),
  });
  return { name, kind, type, ...(dims ? { dims } : {}) };
}

function readShape(r: ProtobufReader): DimProto[] {
  const dims: DimProto[] = [];
  read(r, {
    1: (r, wire) => {
      let dim: DimProto;
      read(r.message(wire), {
        1: (r, wire) => dim = r.integer(wire),
        2: (r, wire) => dim = r.text(wire) || undefined,
      });
      dims.push(dim);
    },
  });
  return dims;
}

/** The names of the files that a model's elements lie in. */
export function externalNames({ graph }: ModelProto): ReadonlySet<string> {
  const names = new Set<string>();
  const add = (t: TensorProto | undefined) => t?.external && names.add(t.external.get("location") ?? "");
  const visit = (g: GraphProto): void => {
    g.initializers.forEach(add);
    for (const a of g.nodes.flatMap((n) => n.attributes)) {
      add(a.t);
      if (a.g) visit(a.g);
    }
  };
  if (graph) visit(graph);
  return names;
}
