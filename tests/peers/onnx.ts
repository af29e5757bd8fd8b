/**
 * ONNX Runtime on its WebGPU provider. Every operator is a model of one or two nodes; inputs and the result
 * are buffers on its device, so that a run moves nothing, and a sample ends when its queue is empty.
 */
import * as ort from "onnxruntime-web/webgpu";
import { modelBytes, type Value } from "./onnx_model.ts";
import { MICROSOFT, type Model, modelOf } from "./onnx_models.ts";
import { restored } from "./layout.ts";
import { described, type Peer, type Problem, problemOf, type Ready, versionOf } from "./peer.ts";

export async function open(): Promise<Peer> {
  ort.env.logLevel = "error";
  ort.env.wasm.numThreads = 1;
  // The library makes its device for the first session and keeps it while there is one.
  const work = { kind: "silu", elements: 4 } as const;
  await session(modelOf(problemOf(work, 1), "NHWC"), [4]);
  const device = await ort.env.webgpu.device as GPUDevice;
  return {
    version: versionOf("onnxruntime-web/webgpu"),
    adapter: described(device),
    prepare: (problem) => ready(problem, device),
  };
}

function session(
  { nodes, inputs, constants = [], kept = {} }: Model,
  result: readonly number[],
): Promise<ort.InferenceSession> {
  const value = (name: string, dims: readonly number[]): Value => ({ name, type: "float32", dims });
  const graph = {
    nodes,
    inputs: inputs.map((a) => value(a.name, a.shape)),
    outputs: [
      value("y", result),
      ...Object.entries(kept).map(([name, over]) =>
        value(name, inputs.find((a) => a.name === over)?.shape ?? [])
      ),
    ],
    initializers: constants,
  };
  return ort.InferenceSession.create(modelBytes(graph, { [MICROSOFT]: 1 }), {
    executionProviders: ["webgpu"],
    preferredOutputLocation: "gpu-buffer",
  });
}

async function ready(problem: Problem, device: GPUDevice): Promise<Ready> {
  const model = modelOf(problem, "NHWC");
  const [query] = model.inputs;
  const dims = problem.work.kind === "attention"
    ? query?.shape ?? []
    : model.order?.map((d) => problem.result[d] as number) ?? problem.result;
  const running = await session(model, dims);
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
  const feeds = Object.fromEntries(
    model.inputs.map(({ name, shape, data }) => [name, tensorOf(shape, data as BufferSource)]),
  );
  const result = tensorOf(dims);
  const fetches = {
    y: result,
    ...Object.fromEntries(
      Object.entries(model.kept ?? {}).map(([name, over]) => [name, feeds[over] as ort.Tensor]),
    ),
  };
  return {
    async run(times) {
      for (let t = 0; t < times; t++) await running.run(feeds, fetches);
      await device.queue.onSubmittedWorkDone();
    },
    async read() {
      await running.run(feeds, fetches);
      const data = await result.getData() as Float32Array<ArrayBuffer>;
      return model.order ? restored(data, problem.result, model.order) : data;
    },
    async [Symbol.asyncDispose]() {
      await running.release();
      for (const b of buffers) b.destroy();
    },
  };
}
