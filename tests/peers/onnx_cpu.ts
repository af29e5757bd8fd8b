/**
 * ONNX Runtime on the CPU, with one thread: in WebAssembly, and native with all vectors that the CPU has. It copies inputs
 * and results at each run, so arguments are constants of the model here, which must not be folded, and of the result only
 * the shape is asked for. Attention makes a new cache at each run.
 */
import * as web from "onnxruntime-web/wasm";
import * as native from "onnxruntime-node";
import { modelBytes } from "./onnx_model.ts";
import { constant, MICROSOFT, modelOf } from "./onnx_models.ts";
import { CPU, type Peer, type Problem, type Ready, versionOf } from "./peer.ts";

type Library = typeof web | typeof native;

/** Opens the library in WebAssembly. */
export function openWasm(): Promise<Peer> {
  web.env.logLevel = "error";
  web.env.wasm.numThreads = 1;
  return Promise.resolve(peer(web, "wasm", versionOf("onnxruntime-web/wasm")));
}

/** Opens the native library. */
export function openNative(): Promise<Peer> {
  return Promise.resolve({ ...peer(native, "cpu", versionOf("onnxruntime-node")), isMark: true });
}

function peer(ort: Library, provider: "wasm" | "cpu", version: string): Peer {
  return { version, adapter: CPU, prepare: (problem) => ready(ort, provider, problem) };
}

async function ready(ort: Library, provider: "wasm" | "cpu", problem: Problem): Promise<Ready> {
  const { nodes, inputs, constants = [], kept = {} } = modelOf(problem, "NCHW");
  const value = (name: string, type: "float32" | "int64", dims: readonly number[]) => ({ name, type, dims });
  const shapeOf = (name: string) => inputs.find((a) => a.name === name)?.shape ?? [];
  const dims = problem.work.kind === "attention" ? shapeOf("Q") : problem.result;
  const model = modelBytes({
    nodes: [...nodes, { op: "Shape", inputs: ["y"], outputs: ["shape"] }],
    inputs: [],
    outputs: [
      value("y", "float32", dims),
      value("shape", "int64", [dims.length]),
      ...Object.entries(kept).map(([name, over]) => value(name, "float32", shapeOf(over))),
    ],
    initializers: [...inputs.map(constant), ...constants],
  }, { [MICROSOFT]: 1 });
  const session = await ort.InferenceSession.create(model, {
    executionProviders: [provider],
    graphOptimizationLevel: "all",
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    extra: { optimization: { disable_specified_optimizers: "ConstantFolding" } },
  });
  return {
    async run(times) {
      for (let t = 0; t < times; t++) await session.run({}, ["shape"]);
    },
    async read() {
      const { y } = await session.run({}, ["y"]);
      return await y?.getData() as Float32Array<ArrayBuffer>;
    },
    async [Symbol.asyncDispose]() {
      await session.release();
    },
  };
}
