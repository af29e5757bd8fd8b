/**
 * Runs ONNX's own tests by ONNX Runtime, and prints a line of JSON before and after each:
 * `deno task onnx:conformance --peers` starts it, as models may end the process.
 *
 *     onnx_conformance.ts PROVIDER FOLDER FIRST
 *
 * PROVIDER is `wasm`, `webgpu` (which must take all of a model) or `webgpu+wasm`; FIRST is the number of the first model.
 */
import * as ort from "onnxruntime-web/webgpu";
import type { ElementType } from "../../lib/models/onnx/element_types.ts";
import type { TensorData } from "../../lib/models/onnx/tensor_data.ts";
import { type Case, casesOf, difference, inputNamesOf, tensorOf } from "../models/onnx/conformance_cases.ts";

const [provider = "wasm", folder, first = "0"] = Deno.args;

const TYPES: Readonly<Record<ElementType, ort.Tensor.Type | undefined>> = {
  float: "float32",
  double: "float64",
  float16: "float16",
  bfloat16: undefined,
  int8: "int8",
  int16: "int16",
  int32: "int32",
  int64: "int64",
  uint8: "uint8",
  uint16: "uint16",
  uint32: "uint32",
  uint64: "uint64",
  int4: undefined,
  uint4: undefined,
  bool: "bool",
};

function ortTensor({ type, dims, elements }: TensorData): ort.Tensor {
  const own = TYPES[type], list = Array.from(elements);
  if (own === undefined) throw new Error(`expected a type of the library, got ${type}`);
  const data = own === "int64"
    ? BigInt64Array.from(list, BigInt)
    : own === "uint64"
    ? BigUint64Array.from(list, BigInt)
    : own === "float16"
    ? Float16Array.from(list)
    : list;
  return new ort.Tensor(own, data as unknown as Float32Array, dims);
}

const OPTIONS: Readonly<Record<string, ort.InferenceSession.SessionOptions>> = {
  wasm: { executionProviders: ["wasm"] },
  "webgpu": { executionProviders: ["webgpu"], extra: { session: { disable_cpu_ep_fallback: "1" } } },
  "webgpu+wasm": { executionProviders: ["webgpu", "wasm"] },
};

async function verdictOf({ model, sets }: Case): Promise<readonly [string, string]> {
  const session = await ort.InferenceSession.create(model, OPTIONS[provider] ?? {});
  try {
    const names = inputNamesOf(model);
    for (const { inputs, outputs } of sets) {
      const given = inputs.map((bytes, k) =>
        [names[k] ?? "", ortTensor(tensorOf(bytes, `input ${k}`))] as const
      );
      const made = await session.run(Object.fromEntries(given));
      for (const [k, bytes] of outputs.entries()) {
        const wanted = tensorOf(bytes, `output ${k}`), out = made[session.outputNames[k] as string];
        if (!out) continue;
        if (out.dims.join() !== wanted.dims.join()) return ["wrong", `[${out.dims}] for [${wanted.dims}]`];
        const data = Array.from(await out.getData() as ArrayLike<number | bigint>, Number);
        const off = difference(wanted.type, data, wanted.elements);
        if (off) return ["wrong", off];
      }
    }
    return ["passed", ""];
  } finally {
    await session.release();
  }
}

ort.env.logLevel = "fatal";
ort.env.wasm.numThreads = 1;
const say = (line: unknown) => Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(line)}\n`));
let at = 0;
for (const c of casesOf(folder)) {
  if (at++ < Number(first)) continue;
  say({ begins: c.name });
  try {
    const [kind, reason] = await verdictOf(c);
    say({ kind, reason });
  } catch (e) {
    say({ kind: "refused", reason: e instanceof Error ? e.message.slice(0, 300) : `${e}`.slice(0, 300) });
  }
}
Deno.exit();
