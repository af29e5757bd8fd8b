/**
 * jax-js. Every operator is one `jit`; arrays are lazy, so a run is handed to the device by asking for its
 * buffer, and the last one of a sample is waited for with `blockUntilReady`.
 */
import { defaultDevice, getWebGPUDevice, init, jit, nn, numpy as np } from "@jax-js/jax";
import { EPS, type Work } from "../bench/operators.ts";
import { type Argument, described, type Peer, type Ready, versionOf } from "./peer.ts";

type Operator = (...args: np.Array[]) => np.Array;

/** Functions own their arguments, so one that uses an argument twice takes a `ref` first. */
const OPERATORS: Readonly<Record<Work["kind"], Operator | undefined>> = {
  matmul: (a: np.Array, b: np.Array) => np.matmul(a, b),
  gemv: (a: np.Array, x: np.Array) => np.matmul(a, x),
  outerGemv: (a: np.Array, x: np.Array) => np.matmul(x, a),
  q4Gemv: undefined,
  softmax: (a: np.Array) => nn.softmax(a, -1),
  rmsNorm: (a: np.Array, weight: np.Array) => {
    const mean = np.mean(np.square(a.ref), -1, { keepdims: true });
    return a.div(np.sqrt(mean.add(EPS))).mul(weight);
  },
  rowSum: (a: np.Array) => np.sum(a, -1),
  transpose: (a: np.Array) => np.transpose(a),
  silu: (a: np.Array) => nn.silu(a),
  add: (a: np.Array, b: np.Array) => np.add(a, b),
};

export async function open(): Promise<Peer> {
  const devices = await init("webgpu");
  if (!devices.includes("webgpu")) throw new Error(`it has found no WebGPU device: ${devices.join(", ")}`);
  defaultDevice("webgpu");
  return {
    version: versionOf("@jax-js/jax"),
    adapter: described(getWebGPUDevice()),
    prepare: ({ work, args }) => {
      const operator = OPERATORS[work.kind];
      return Promise.resolve(operator && ready(jit(operator), args));
    },
  };
}

function ready(operator: Operator, args: readonly Argument[]): Ready {
  const arrays = args.map(({ data, shape }) =>
    np.array(data as Float32Array<ArrayBuffer>).reshape([...shape])
  );
  const once = () => operator(...arrays.map((a) => a.ref));
  return {
    async run(times) {
      for (let t = 1; t < times; t++) await once().gpuBuffer();
      const last = once();
      await last.blockUntilReady();
      last.dispose();
    },
    read: async () => await once().data() as Float32Array<ArrayBuffer>,
    [Symbol.asyncDispose]() {
      for (const a of arrays) a.dispose();
      return Promise.resolve();
    },
  };
}
