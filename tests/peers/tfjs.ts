/**
 * TensorFlow.js on its WebGPU backend. Operators run eagerly and are submitted in the library's own batches;
 * each result is let go of at once, and a sample ends when the queue is empty.
 */
import * as tf from "@tensorflow/tfjs-core";
import { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { EPS, type Work } from "../bench/operators.ts";
import { type Argument, described, type Peer, type Ready, versionOf } from "./peer.ts";

type Operator = (...args: tf.Tensor[]) => tf.Tensor;

/** What the library has no operator for is put together as its users do. */
const OPERATORS: Readonly<Record<Work["kind"], Operator | undefined>> = {
  matmul: (a: tf.Tensor, b: tf.Tensor) => tf.matMul(a, b),
  gemv: (a: tf.Tensor, x: tf.Tensor) => tf.dot(a, x),
  outerGemv: (a: tf.Tensor, x: tf.Tensor) => tf.dot(x, a),
  q4Gemv: undefined,
  softmax: (a: tf.Tensor) => tf.softmax(a, -1),
  rmsNorm: (a: tf.Tensor, weight: tf.Tensor) =>
    tf.mul(tf.mul(a, tf.rsqrt(tf.add(tf.mean(tf.square(a), -1, true), EPS))), weight),
  rowSum: (a: tf.Tensor) => tf.sum(a, -1),
  transpose: (a: tf.Tensor) => tf.transpose(a),
  silu: (a: tf.Tensor) => tf.mul(a, tf.sigmoid(a)),
  add: (a: tf.Tensor, b: tf.Tensor) => tf.add(a, b),
};

export async function open(): Promise<Peer> {
  if (!await tf.setBackend("webgpu")) throw new Error("it has found no WebGPU device");
  await tf.ready();
  const backend = tf.backend();
  if (!(backend instanceof WebGPUBackend)) throw new Error("its backend is not the WebGPU one");
  return {
    version: versionOf("@tensorflow/tfjs-backend-webgpu"),
    adapter: described(backend.device),
    prepare: ({ work, args }) => {
      const operator = OPERATORS[work.kind];
      return Promise.resolve(operator && ready(operator, args, backend));
    },
  };
}

function ready(operator: Operator, args: readonly Argument[], backend: WebGPUBackend): Ready {
  const tensors = args.map(({ data, shape }) => tf.tensor(data as Float32Array, [...shape]));
  const once = () => tf.tidy(() => operator(...tensors));
  return {
    async run(times) {
      for (let t = 0; t < times; t++) once().dispose();
      backend.ensureCommandEncoderReady();
      backend.endComputePassEncoder();
      backend.submitQueue();
      await backend.queue.onSubmittedWorkDone();
    },
    async read() {
      const result = once();
      const data = await result.data<"float32">();
      result.dispose();
      return data as Float32Array<ArrayBuffer>;
    },
    [Symbol.asyncDispose]() {
      for (const t of tensors) t.dispose();
      return Promise.resolve();
    },
  };
}
