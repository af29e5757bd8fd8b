/**
 * jax-js, on WebGPU or in WebAssembly. Every operator is one `jit`; arrays are lazy, so a run is handed to WebGPU by asking
 * for its buffer, and the last one of a sample is waited for with `blockUntilReady`. In WebAssembly each run is waited for.
 */
import { defaultDevice, getWebGPUDevice, init, jit, lax, nn, numpy as np } from "@jax-js/jax";
import { EPS, rimOf, type Work } from "../bench/operators.ts";
import { columns, permuted } from "./layout.ts";
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

type Operator = (...args: np.Array[]) => np.Array;

const NO_INTS = "it has no weights in 4 bits";

/** Functions own their arguments, so one that uses an argument twice takes a `ref` first. */
function operatorOf(work: Work): Operator | Lacking {
  switch (work.kind) {
    case "matmul":
    case "linear":
      return (a: np.Array, b: np.Array) => np.matmul(a, b);
    case "gemv":
      return (a: np.Array, x: np.Array) => np.matmul(a, x);
    case "outerGemv":
      return (a: np.Array, x: np.Array) => np.matmul(x, a);
    case "q4Gemv":
    case "q4Matmul":
      return { lacks: NO_INTS };
    case "softmax":
      return (a: np.Array) => nn.softmax(a, -1);
    case "rmsNorm":
      return (a: np.Array, weight: np.Array) => {
        const mean = np.mean(np.square(a.ref), -1, { keepdims: true });
        return a.div(np.sqrt(mean.add(EPS))).mul(weight);
      };
    case "layerNorm":
      return (a: np.Array, weight: np.Array, bias: np.Array) =>
        nn.standardize(a, -1, { epsilon: EPS }).mul(weight).add(bias);
    case "rowSum":
      return (a: np.Array) => np.sum(a, -1);
    case "transpose":
      return (a: np.Array) => np.transpose(a);
    case "silu":
      return (a: np.Array) => nn.silu(a);
    case "swiglu":
      return (gate: np.Array, up: np.Array) => nn.silu(gate).mul(up);
    case "add":
      return (a: np.Array, b: np.Array) => np.add(a, b);
    case "conv2d":
    case "depthwise": {
      const rim: [number, number] = [rimOf(work), rimOf(work)];
      const groups = work.kind === "depthwise" ? work.channels : 1;
      return (a: np.Array, w: np.Array) =>
        lax.convGeneralDilated(a, w, [1, 1], [rim, rim], { featureGroupCount: groups });
    }
    case "attention":
      // Its causal mask lets the first query see the first key only, so one query goes without.
      return (q: np.Array, k: np.Array, v: np.Array) =>
        nn.dotProductAttention(q, k, v, { isCausal: work.queries > 1 });
    default:
      return work satisfies never;
  }
}

/** A linear layer's weights are [k, n], as in Flax, and a gate comes apart from what it gates; images are NCHW. */
function argsOf({ work, args }: Problem): readonly Argument[] {
  const [a, b] = args as readonly [Argument, Argument];
  switch (work.kind) {
    case "linear":
      return [a, permuted(b, [1, 0])];
    case "swiglu":
      return [columns(a, "gate", 0, work.columns), columns(a, "up", work.columns, 2 * work.columns)];
    default:
      return args;
  }
}

export async function open(backend: "webgpu" | "wasm"): Promise<Peer> {
  const devices = await init(backend);
  if (!devices.includes(backend)) throw new Error(`it has no backend ${backend}, but ${devices.join(", ")}`);
  defaultDevice(backend);
  return {
    version: versionOf("@jax-js/jax"),
    adapter: backend === "wasm" ? CPU : described(getWebGPUDevice()),
    prepare: (problem) => {
      const operator = operatorOf(problem.work);
      return Promise.resolve(
        isLacking(operator) ? operator : ready(jit(operator), argsOf(problem), backend === "webgpu"),
      );
    },
  };
}

function ready(operator: Operator, args: readonly Argument[], queues: boolean): Ready {
  const arrays = args.map(({ data, shape }) =>
    np.array(data as Float32Array<ArrayBuffer>).reshape([...shape])
  );
  const once = () => operator(...arrays.map((a) => a.ref));
  return {
    async run(times) {
      for (let t = 1; queues && t < times; t++) await once().gpuBuffer();
      for (let t = queues ? times - 1 : 0; t < times; t++) {
        const last = once();
        await last.blockUntilReady();
        last.dispose();
      }
    },
    read: async () => await once().data() as Float32Array<ArrayBuffer>,
    [Symbol.asyncDispose]() {
      for (const a of arrays) a.dispose();
      return Promise.resolve();
    },
  };
}
