/**
 * TensorFlow.js on WebGPU or in WebAssembly (XNNPACK). Operators run eagerly and are submitted in the library's own batches;
 * each result is let go of at once, and a sample ends when the queue is empty.
 */
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { EPS, type Work } from "../bench/operators.ts";
import { columns, permuted, restored } from "./layout.ts";
import {
  type Argument,
  CPU,
  described,
  isLacking,
  type Lacking,
  type Peer,
  type Problem,
  type Ready,
  versionOf,
} from "./peer.ts";

type Operator = (...args: tf.Tensor[]) => tf.Tensor;

/** What the library has no operator for is put together as its users do. */
function operatorOf(work: Work): Operator | Lacking {
  switch (work.kind) {
    case "matmul":
    case "linear":
      return (a: tf.Tensor, b: tf.Tensor) => tf.matMul(a, b);
    case "gemv":
      return (a: tf.Tensor, x: tf.Tensor) => tf.dot(a, x);
    case "outerGemv":
      return (a: tf.Tensor, x: tf.Tensor) => tf.dot(x, a);
    case "q4Gemv":
    case "q4Matmul":
      return { lacks: "it has neither weights in 4 bits nor shifts to decode them with" };
    case "softmax":
      return (a: tf.Tensor) => tf.softmax(a, -1);
    case "rmsNorm":
      return (a: tf.Tensor, weight: tf.Tensor) =>
        tf.mul(tf.mul(a, tf.rsqrt(tf.add(tf.mean(tf.square(a), -1, true), EPS))), weight);
    case "layerNorm":
      return (a: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor) => {
        const { mean, variance } = tf.moments(a, -1, true);
        return tf.add(tf.mul(tf.mul(tf.sub(a, mean), tf.rsqrt(tf.add(variance, EPS))), weight), bias);
      };
    case "rowSum":
      return (a: tf.Tensor) => tf.sum(a, -1);
    case "transpose":
      return (a: tf.Tensor) => tf.transpose(a);
    case "silu":
      return (a: tf.Tensor) => tf.mul(a, tf.sigmoid(a));
    case "swiglu":
      return (gate: tf.Tensor, up: tf.Tensor) => tf.mul(tf.mul(gate, tf.sigmoid(gate)), up);
    case "add":
      return (a: tf.Tensor, b: tf.Tensor) => tf.add(a, b);
    case "conv2d":
      return (a: tf.Tensor, w: tf.Tensor) => tf.conv2d(a as tf.Tensor4D, w as tf.Tensor4D, 1, "same");
    case "depthwise":
      return (a: tf.Tensor, w: tf.Tensor) =>
        tf.depthwiseConv2d(a as tf.Tensor4D, w as tf.Tensor4D, 1, "same");
    case "attention":
      return attention(work);
    default:
      return work satisfies never;
  }
}

/** Heads lead. Those that share keys and values are rows of one product, and reshaping costs nothing. */
function attention({ queries, length, heads, kvHeads, headDim }: Work & { kind: "attention" }): Operator {
  const rows = heads / kvHeads * queries;
  return (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor, mask?: tf.Tensor) => {
    const scores = tf.mul(
      tf.matMul(tf.reshape(q, [kvHeads, rows, headDim]), k),
      headDim ** -0.5,
    );
    const masked = mask ? tf.add(tf.reshape(scores, [heads, queries, length]), mask) : scores;
    const shares = tf.reshape(tf.softmax(masked, -1), [kvHeads, rows, length]);
    return tf.reshape(tf.matMul(shares, v), [heads, queries, headDim]);
  };
}

/** Arguments in the library's layouts, and the order of the result's axes where it is another. */
interface Given {
  readonly args: readonly Argument[];
  readonly order?: readonly number[];
}

/**
 * A linear layer's weights are [k, n], as in Keras, images NHWC with windows [height, width, in, out]; a gate comes
 * apart from what it gates; attention has its heads first, and a mask to add where a query does not see all. Products
 * with a transposed matrix are slow here, so keys come as [kvHeads, headDim, length].
 */
function givenTo({ work, args }: Problem): Given {
  const [a, b] = args as readonly [Argument, Argument];
  switch (work.kind) {
    case "linear":
      return { args: [a, permuted(b, [1, 0])] };
    case "swiglu":
      return {
        args: [columns(a, "gate", 0, work.columns), columns(a, "up", work.columns, 2 * work.columns)],
      };
    case "conv2d":
      return { args: [permuted(a, NHWC), permuted(b, [2, 3, 1, 0])], order: NHWC };
    case "depthwise":
      return { args: [permuted(a, NHWC), permuted(b, [2, 3, 0, 1])], order: NHWC };
    case "attention": {
      const [q, k, v] = args as readonly [Argument, Argument, Argument];
      const order = [1, 0, 2];
      return {
        args: [
          permuted(q, order),
          permuted(k, [1, 2, 0]),
          permuted(v, order),
          ...(work.queries > 1 ? [maskOf(work)] : []),
        ],
        order,
      };
    }
    default:
      return { args };
  }
}

const NHWC = [0, 2, 3, 1];

function maskOf({ queries, length }: Work & { kind: "attention" }): Argument {
  const data = new Float32Array(queries * length).map((_, at) =>
    at % length <= length - queries + Math.floor(at / length) ? 0 : -1e9
  );
  return { name: "mask", shape: [queries, length], data };
}

export async function open(kind: "webgpu" | "wasm"): Promise<Peer> {
  const wasm = kind === "wasm" ? await import("@tensorflow/tfjs-backend-wasm") : undefined;
  if (wasm) {
    // Without it, the library takes a thread.
    tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
    const name = "tfjs-backend-wasm-simd.wasm";
    const path = fileURLToPath(import.meta.resolve(`@tensorflow/tfjs-backend-wasm/${name}`));
    wasm.setWasmPaths(path.slice(0, -name.length));
  }
  if (!await tf.setBackend(kind)) throw new Error(`it has no backend ${kind}`);
  await tf.ready();
  const backend = tf.backend();
  if (!wasm && !(backend instanceof WebGPUBackend)) throw new Error("its backend is not the WebGPU one");
  const webgpu = backend instanceof WebGPUBackend ? backend : undefined;
  return {
    version: versionOf(`@tensorflow/tfjs-backend-${kind}`),
    adapter: webgpu ? described(webgpu.device) : CPU,
    prepare: (problem) => {
      const operator = operatorOf(problem.work);
      return Promise.resolve(isLacking(operator) ? operator : ready(operator, problem, webgpu));
    },
  };
}

function ready(operator: Operator, problem: Problem, backend: WebGPUBackend | undefined): Ready {
  const { args, order } = givenTo(problem);
  const tensors = args.map(({ data, shape }) => tf.tensor(data as Float32Array, [...shape]));
  const once = () => tf.tidy(() => operator(...tensors));
  return {
    async run(times) {
      for (let t = 0; t < times; t++) once().dispose();
      if (!backend) return;
      backend.ensureCommandEncoderReady();
      backend.endComputePassEncoder();
      backend.submitQueue();
      await backend.queue.onSubmittedWorkDone();
    },
    async read() {
      const result = once();
      const data = await result.data<"float32">();
      result.dispose();
      const own = data as Float32Array<ArrayBuffer>;
      return order ? restored(own, problem.result, order) : own;
    },
    [Symbol.asyncDispose]() {
      for (const t of tensors) t.dispose();
      return Promise.resolve();
    },
  };
}
