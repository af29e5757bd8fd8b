/**
 * ONNX Runtime on its WebGPU provider. Every operator is a model of one or two nodes; inputs and the result
 * are buffers on its device, so that a run moves nothing, and a sample ends when its queue is empty.
 */
import * as ort from "onnxruntime-web/webgpu";
import { EPS, type Work } from "../bench/operators.ts";
import { type ElementType, type Initializer, modelBytes, type Node, type Value } from "./onnx_model.ts";
import { described, type Peer, type Problem, type Ready, versionOf } from "./peer.ts";

const MICROSOFT = "com.microsoft";
const GROUP = 32;

const one = (op: string, inputs: readonly string[], more: Partial<Node> = {}): readonly Node[] => [
  { op, inputs, outputs: ["y"], ...more },
];

function nodesOf(work: Work): readonly Node[] {
  switch (work.kind) {
    case "matmul":
      return one("MatMul", ["A", "B"]);
    case "gemv":
      return one("MatMul", ["A", "x"]);
    case "outerGemv":
      return one("MatMul", ["x", "A"]);
    case "q4Gemv":
      return one("MatMulNBits", ["x", "W_q", "W_scale", "zero"], {
        domain: MICROSOFT,
        attributes: { K: work.k, N: work.n, bits: 4, block_size: GROUP },
      });
    case "softmax":
      return one("Softmax", ["A"], { attributes: { axis: -1 } });
    case "rmsNorm":
      return one("SimplifiedLayerNormalization", ["A", "weight"], {
        attributes: { axis: -1, epsilon: { float: EPS } },
      });
    case "rowSum":
      return one("ReduceSum", ["A", "axes"], { attributes: { keepdims: 0 } });
    case "transpose":
      return one("Transpose", ["A"], { attributes: { perm: [1, 0] } });
    case "silu":
      return [{ op: "Sigmoid", inputs: ["A"], outputs: ["s"] }, ...one("Mul", ["A", "s"])];
    case "add":
      return one("Add", ["A", "B"]);
    default:
      return work satisfies never;
  }
}

/** Weights in 4 bits are constants of the model, as in the models that have them; so are axes. */
function constantsOf({ work, args }: Problem): readonly Initializer[] {
  const bytesOf = (name: string) => {
    const data = args.find((a) => a.name === name)?.data;
    return new Uint8Array(data?.buffer ?? new ArrayBuffer(0));
  };
  switch (work.kind) {
    case "q4Gemv": {
      const groups = work.k / GROUP;
      return [
        { name: "W_q", type: "uint8", dims: [work.n, groups, GROUP / 2], data: bytesOf("W_q") },
        { name: "W_scale", type: "float32", dims: [work.n * groups], data: bytesOf("W_scale") },
        {
          name: "zero",
          type: "uint8",
          dims: [work.n * groups / 2],
          data: new Uint8Array(work.n * groups / 2).fill(0x77),
        },
      ];
    }
    case "rowSum":
      return [{ name: "axes", type: "int64", dims: [1], data: new Uint8Array(BigInt64Array.of(1n).buffer) }];
    default:
      return [];
  }
}

export async function open(): Promise<Peer> {
  ort.env.logLevel = "error";
  ort.env.wasm.numThreads = 1;
  // The library makes its device for the first session and keeps it while there is one.
  await session({ work: { kind: "silu", elements: 4 }, args: [], result: [4] }, [
    { name: "A", type: "float32", dims: [4] },
  ], []);
  const device = await ort.env.webgpu.device as GPUDevice;
  return {
    version: versionOf("onnxruntime-web/webgpu"),
    adapter: described(device),
    prepare: (problem) => ready(problem, device),
  };
}

function session(
  { work, result }: Problem,
  inputs: readonly Value[],
  initializers: readonly Initializer[],
): Promise<ort.InferenceSession> {
  const outputs = [{ name: "y", type: "float32" as ElementType, dims: result }];
  const model = modelBytes({ nodes: nodesOf(work), inputs, outputs, initializers }, { [MICROSOFT]: 1 });
  return ort.InferenceSession.create(model, {
    executionProviders: ["webgpu"],
    preferredOutputLocation: "gpu-buffer",
  });
}

async function ready(problem: Problem, device: GPUDevice): Promise<Ready> {
  const constants = constantsOf(problem);
  const args = problem.args.filter((a) => !constants.some((c) => c.name === a.name));
  const inputs = args.map(({ name, shape }): Value => ({ name, type: "float32", dims: shape }));
  const running = await session(problem, inputs, constants);
  const buffers: GPUBuffer[] = [];
  const tensorOf = (dims: readonly number[], data?: BufferSource) => {
    const size = 4 * dims.reduce((p, d) => p * d, 1);
    const buffer = device.createBuffer({
      size: Math.ceil(size / 16) * 16,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
    buffers.push(buffer);
    if (data) device.queue.writeBuffer(buffer, 0, data);
    return ort.Tensor.fromGpuBuffer(buffer, {
      dataType: "float32",
      dims,
      download: async () => {
        const staging = device.createBuffer({
          size,
          usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
        });
        const encoder = device.createCommandEncoder();
        encoder.copyBufferToBuffer(buffer, 0, staging, 0, size);
        device.queue.submit([encoder.finish()]);
        await staging.mapAsync(GPUMapMode.READ);
        const copy = new Float32Array(staging.getMappedRange().slice(0));
        staging.destroy();
        return copy;
      },
    });
  };
  const feeds = Object.fromEntries(args.map(({ name, shape, data }) => [name, tensorOf(shape, data)]));
  const result = tensorOf(problem.result);
  return {
    async run(times) {
      for (let t = 0; t < times; t++) await running.run(feeds, { y: result });
      await device.queue.onSubmittedWorkDone();
    },
    async read() {
      await running.run(feeds, { y: result });
      return await result.getData() as Float32Array<ArrayBuffer>;
    },
    async [Symbol.asyncDispose]() {
      await running.release();
      for (const b of buffers) b.destroy();
    },
  };
}
