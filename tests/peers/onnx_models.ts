/** Operators as models of one or two nodes, for ONNX Runtime. */
import type { TypedArray } from "../../lib/runtime/arrays.ts";
import { EPS, rimOf, type Work } from "../bench/operators.ts";
import { columns, permuted, reshaped } from "./layout.ts";
import type { Initializer, Node } from "./onnx_model.ts";
import type { Argument, Problem } from "./peer.ts";

/** The domain of operators that ONNX does not have. */
export const MICROSOFT = "com.microsoft";
const GROUP = 32;

/** A model of one operator. */
export interface Model {
  readonly nodes: readonly Node[];
  /** What is on the device. */
  readonly inputs: readonly Argument[];
  readonly constants?: readonly Initializer[];
  /** Results besides `y`, each with its input that it may be written over. */
  readonly kept?: Readonly<Record<string, string>>;
  /** Of the axes of `y`, where it is another than ours. */
  readonly order?: readonly number[];
}

const one = (op: string, inputs: readonly string[], more: Partial<Node> = {}): readonly Node[] => [
  { op, inputs, outputs: ["y"], ...more },
];

/**
 * Weights that users have as constants of the model are such here too; so are axes. `images` is the layout that the
 * provider computes convolutions in.
 */
export function modelOf({ work, args }: Problem, images: "NHWC" | "NCHW"): Model {
  const [a, b] = args as readonly [Argument, Argument];
  switch (work.kind) {
    case "matmul":
      return { nodes: one("MatMul", ["A", "B"]), inputs: args };
    case "linear":
      // [k, n], as exporters write them.
      return { nodes: one("MatMul", ["A", "B"]), inputs: [a], constants: [constant(permuted(b, [1, 0]))] };
    case "gemv":
      return { nodes: one("MatMul", ["A", "x"]), inputs: args };
    case "outerGemv":
      return { nodes: one("MatMul", ["x", "A"]), inputs: args };
    case "q4Gemv":
      return inNibbles(work, args, "x");
    case "q4Matmul":
      return inNibbles(work, args, "A");
    case "softmax":
      return { nodes: one("Softmax", ["A"], { attributes: { axis: -1 } }), inputs: args };
    case "rmsNorm":
      return { nodes: norm("SimplifiedLayerNormalization", ["A", "weight"]), inputs: args };
    case "layerNorm":
      return { nodes: norm("LayerNormalization", ["A", "weight", "bias"]), inputs: args };
    case "rowSum": {
      const axes = { name: "axes", type: "int64", dims: [1], data: bytesOf(BigInt64Array.of(1n)) } as const;
      return {
        nodes: one("ReduceSum", ["A", "axes"], { attributes: { keepdims: 0 } }),
        inputs: args,
        constants: [axes],
      };
    }
    case "transpose":
      return { nodes: one("Transpose", ["A"], { attributes: { perm: [1, 0] } }), inputs: args };
    case "silu":
      return {
        nodes: [{ op: "Sigmoid", inputs: ["A"], outputs: ["s"] }, ...one("Mul", ["A", "s"])],
        inputs: args,
      };
    case "swiglu":
      return {
        nodes: [
          { op: "Sigmoid", inputs: ["gate"], outputs: ["s"] },
          { op: "Mul", inputs: ["gate", "s"], outputs: ["silu"] },
          ...one("Mul", ["silu", "up"]),
        ],
        inputs: [columns(a, "gate", 0, work.columns), columns(a, "up", work.columns, 2 * work.columns)],
      };
    case "add":
      return { nodes: one("Add", ["A", "B"]), inputs: args };
    case "conv2d":
    case "depthwise":
      return images === "NHWC" ? convolution(work, a, b) : convolutionNchw(work, a, b);
    case "attention":
      return attention(work, args);
    default:
      return work satisfies never;
  }
}

function norm(op: string, inputs: readonly string[]): readonly Node[] {
  return one(op, inputs, { attributes: { axis: -1, epsilon: { float: EPS } } });
}

function inNibbles(
  { k, n }: { readonly k: number; readonly n: number },
  args: readonly Argument[],
  other: string,
): Model {
  const groups = k / GROUP;
  const packed = (name: string) => bytesOf((args.find((a) => a.name === name) as Argument).data);
  return {
    nodes: one("MatMulNBits", [other, "W_q", "W_scale", "zero"], {
      domain: MICROSOFT,
      attributes: { K: k, N: n, bits: 4, block_size: GROUP },
    }),
    inputs: args.filter((a) => a.name === other),
    constants: [
      { name: "W_q", type: "uint8", dims: [n, groups, GROUP / 2], data: packed("W_q") },
      { name: "W_scale", type: "float32", dims: [n * groups], data: packed("W_scale") },
      {
        name: "zero",
        type: "uint8",
        dims: [n * groups / 2],
        data: new Uint8Array(n * groups / 2).fill(0x77),
      },
    ],
  };
}

/**
 * A provider that computes in NHWC puts transposes around what is NCHW, as ONNX's Conv is. In a whole network those
 * meet others and fall away; so do these, as the image comes and goes in NHWC.
 */
function convolution(
  work: Work & { readonly kind: "conv2d" | "depthwise" },
  image: Argument,
  weights: Argument,
): Model {
  const rim = rimOf(work), order = [0, 2, 3, 1];
  const group = work.kind === "depthwise" ? work.channels : 1;
  return {
    nodes: [
      { op: "Transpose", inputs: ["A"], outputs: ["a"], attributes: { perm: [0, 3, 1, 2] } },
      { op: "Conv", inputs: ["a", "W"], outputs: ["c"], attributes: { pads: [rim, rim, rim, rim], group } },
      ...one("Transpose", ["c"], { attributes: { perm: order } }),
    ],
    inputs: [permuted(image, order)],
    constants: [constant(weights)],
    order,
  };
}

function convolutionNchw(
  work: Work & { readonly kind: "conv2d" | "depthwise" },
  image: Argument,
  weights: Argument,
): Model {
  const rim = rimOf(work), group = work.kind === "depthwise" ? work.channels : 1;
  return {
    nodes: one("Conv", ["A", "W"], { attributes: { pads: [rim, rim, rim, rim], group } }),
    inputs: [image],
    constants: [constant(weights)],
  };
}

/**
 * As exported language models have it: the newest tokens' keys and values come by themselves, the cache has its heads
 * first, and what is new is written into it.
 */
function attention(work: Work & { readonly kind: "attention" }, args: readonly Argument[]): Model {
  const { queries, length, heads, kvHeads, headDim } = work;
  const [q, k, v] = args as readonly [Argument, Argument, Argument];
  const width = kvHeads * headDim;
  const newest = (x: Argument, name: string): Argument => ({
    name,
    shape: [1, queries, width],
    data: x.data.slice((length - queries) * width),
  });
  const cache = (x: Argument, name: string): Argument => ({
    ...reshaped(permuted(x, [1, 0, 2]), [1, kvHeads, length, headDim]),
    name,
  });
  const scalar = (name: string, value: number): Initializer => ({
    name,
    type: "int32",
    dims: [1],
    data: bytesOf(Int32Array.of(value)),
  });
  const inputs = ["Q", "key", "value", "past_key", "past_value", "seqlens_k", "total"];
  return {
    nodes: [{
      op: "GroupQueryAttention",
      domain: MICROSOFT,
      inputs,
      outputs: ["y", "present_key", "present_value"],
      attributes: { num_heads: heads, kv_num_heads: kvHeads },
    }],
    inputs: [
      reshaped(q, [1, queries, heads * headDim]),
      newest(k, "key"),
      newest(v, "value"),
      cache(k, "past_key"),
      cache(v, "past_value"),
    ],
    constants: [scalar("seqlens_k", length - 1), scalar("total", length)],
    kept: { present_key: "past_key", present_value: "past_value" },
  };
}

/** An argument as a constant of a model. */
export function constant({ name, shape, data }: Argument): Initializer {
  return { name, type: "float32", dims: shape, data: bytesOf(data) };
}

function bytesOf(data: TypedArray | BigInt64Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
}
