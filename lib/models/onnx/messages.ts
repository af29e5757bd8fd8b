/** The messages of ONNX files that graphs are made of. Fields that nothing needs are left out. */

/** Elements of a tensor in the file: at most one of the fields has any. */
export interface TensorProto {
  /** The tensor's name; empty in attributes. */
  readonly name: string;
  /** The number of the element type. */
  readonly type: number;
  /** The extents. */
  readonly dims: readonly number[];
  /** Elements in the type's own bytes, little-endian. */
  readonly raw?: Uint8Array<ArrayBuffer>;
  /** Elements of float and of complex types. */
  readonly floats: readonly number[];
  /** Elements of the integers up to 32 bits, of bool, and the bits of float16 and bfloat16. */
  readonly int32s: readonly number[];
  /** Elements of int64. */
  readonly int64s: readonly number[];
  /** Elements of double. */
  readonly doubles: readonly number[];
  /** Elements of uint32 and uint64. */
  readonly uint64s: readonly number[];
  /** The number of elements of string. */
  readonly strings: number;
  /** Where the elements are outside of the file: location, offset, length. Undefined if they are in it. */
  readonly external?: ReadonlyMap<string, string>;
}

/** An extent: a number, a name, or undefined where the file doesn't say. */
export type DimProto = number | string | undefined;

/** The name and type of a graph's input or output. */
export interface ValueInfoProto {
  /** The value's name. */
  readonly name: string;
  /** What kind of value it is. */
  readonly kind: "tensor" | "sequence" | "map" | "optional" | "sparse tensor" | "unknown";
  /** The number of the element type; 0 for other kinds. */
  readonly type: number;
  /** The extents; undefined if the file doesn't say how many there are. */
  readonly dims?: readonly DimProto[];
}

/** An attribute of a node. */
export interface AttributeProto {
  /** The attribute's name. */
  readonly name: string;
  /** The number of its type: 1 float, 2 int, 3 string, 4 tensor, 5 graph, 6 floats, 7 ints, 8 strings. */
  readonly type: number;
  /** The float. */
  readonly f?: number;
  /** The integer. */
  readonly i?: number;
  /** The text. */
  readonly s?: string;
  /** The tensor. */
  readonly t?: TensorProto;
  /** The graph. */
  readonly g?: GraphProto;
  /** The list of floats. */
  readonly floats: readonly number[];
  /** The list of integers. */
  readonly ints: readonly number[];
  /** The list of texts. */
  readonly strings: readonly string[];
  /** Inside of a function, the attribute of the function that this one takes its value from. */
  readonly ref: string;
}

/** The call of an operator. */
export interface NodeProto {
  /** The node's own name; may be empty. */
  readonly name: string;
  /** The operator. */
  readonly op: string;
  /** The set that the operator is of; empty for ONNX's own. */
  readonly domain: string;
  /** The names of its inputs; an empty one is left out. */
  readonly inputs: readonly string[];
  /** The names of its outputs; an empty one is not wanted. */
  readonly outputs: readonly string[];
  /** The attributes, in order. */
  readonly attributes: readonly AttributeProto[];
}

/** A graph of nodes. */
export interface GraphProto {
  /** The graph's name. */
  readonly name: string;
  /** The nodes, in an order in which they can run. */
  readonly nodes: readonly NodeProto[];
  /** Tensors that the file has the elements of. */
  readonly initializers: readonly TensorProto[];
  /** The inputs; older files have initializers among them. */
  readonly inputs: readonly ValueInfoProto[];
  /** The outputs. */
  readonly outputs: readonly ValueInfoProto[];
}

/** A model: a graph, and the sets of operators that it uses. */
export interface ModelProto {
  /** The version of the format. */
  readonly irVersion: number;
  /** The version of each set of operators, by the set's name. */
  readonly opsets: ReadonlyMap<string, number>;
  /** The operators that the model defines itself, as `domain.name`. */
  readonly functions: readonly string[];
  /** The graph. */
  readonly graph?: GraphProto;
}
