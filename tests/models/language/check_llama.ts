/** Llama-3.2-1B's shape: how long it takes to WGSL, what its plan takes, and its logits on a device against plain loops. */
import { argumentsOf, type CliOption, type Command, runCommand } from "../../../lib/cli/arguments.ts";
import { Device } from "../../../lib/runtime/device.ts";
import { cpuTime } from "../../../lib/runtime/platform.ts";
import { targetOf } from "../../../lib/target/profiles.ts";
import type { BuiltGraph } from "../../../lib/tuning/built_graph.ts";
import { compileGraph } from "../../../lib/tuning/compile_graph.ts";
import { readConfig } from "../../../lib/models/config/read_config.ts";
import { Decoding } from "../../../lib/models/language/decoding.ts";
import { Engine } from "../../../lib/models/language/engine.ts";
import { settingsOf } from "../../../lib/models/language/sampling/settings.ts";
import { PAGE_SIZE, stepGraph } from "../../../lib/models/language/step_graph.ts";
import { arraysOf, parametersOf } from "../../../lib/models/parameters/parameter.ts";
import { LLAMA_1B, randomLlama } from "./llama_1b.ts";
import { llamaLogits } from "./llama_loop.ts";

const QUANTIZATION = "q4f16_1", CONTEXT = 2048, CHUNK = 64;

/** What the model's steps compile to for any WebGPU device, and what they need. */
export interface LlamaPlan {
  readonly built: readonly BuiltGraph[];
  /** Bytes of parameters, cache and intermediate values. */
  readonly bytes: number;
}

/** Compiles the steps of a text of 2,048 tokens. */
export function planLlama(): LlamaPlan {
  const config = readConfig(LLAMA_1B), blocks = CONTEXT / PAGE_SIZE, pages = blocks + 1;
  const built = (["prefill", "decode"] as const).map((kind) => {
    const span = kind === "decode" && { span: CONTEXT };
    const graph = stepGraph(config, { kind, quantization: QUANTIZATION, context: CONTEXT, ...span });
    const bounds = { pages, blocks, ...(kind === "prefill" && { n: CHUNK }) };
    return compileGraph(graph, targetOf("generic-webgpu"), { bounds });
  });
  const weights = parametersOf(config).flatMap((p) => arraysOf(p, QUANTIZATION)).reduce(
    (n, { shape, dtype }) => n + shape.reduce((a, b) => a * b, 1) * (dtype === "f16" ? 2 : 4),
    CONTEXT * config.rope.dim * 4,
  );
  const cache = pages * Engine.pageBytes(config, "f16");
  return { built, bytes: weights + cache + Math.max(...built.map((b) => b.memory.bytes)) };
}

/** What a run of some layers gave. */
export interface LlamaRun {
  /** The largest difference of a logit, over the root mean square of all logits. */
  readonly off: number;
  /** Whether the device took one of the most probable tokens. */
  readonly picked: boolean;
  /** The bytes that were taken on the device. */
  readonly bytes: number;
  /** CPU seconds of loading, of the first token, and of the loops. */
  readonly seconds: Readonly<Record<"load" | "token" | "loops", number>>;
}

/** Runs the first token after a prompt on a device, with the first layers. */
export async function runLlama(device: Device, layers: number): Promise<LlamaRun> {
  const json = { ...LLAMA_1B, num_hidden_layers: layers }, weights = randomLlama(layers);
  const ids = [128000, 9906, 71], marks = [cpuTime()], before = device.memory.total;
  using engine = await Engine.open(device, {
    config: readConfig(json),
    weights,
    quantization: QUANTIZATION,
    context: CONTEXT,
    pages: CONTEXT / PAGE_SIZE + 1,
    chunk: CHUNK,
  });
  marks.push(cpuTime());
  const sequence = engine.table.add();
  await engine.prefill(sequence, ids.slice(0, -1));
  await engine.reserve(sequence, 1);
  const settings = settingsOf({ temperature: 0 }, {}, 0);
  using decoding = new Decoding(engine, [{ sequence, ids, promptTokens: ids.length, settings }]);
  const { tokens: [[token = -1] = []], logits = new Float32Array() } = await decoding.run(1, true);
  const bytes = device.memory.total - before;
  marks.push(cpuTime());
  const want = await llamaLogits(json, weights, ids);
  marks.push(cpuTime());
  const rms = Math.sqrt(want.reduce((n, x) => n + x * x, 0) / want.length);
  const error = want.reduce((n, x, k) => Math.max(n, Math.abs(x - (logits[k] ?? Infinity))), 0);
  const largest = want.reduce((a, b) => Math.max(a, b), -Infinity);
  const [load = 0, token_ = 0, loops = 0] = marks.slice(1).map((m, k) => (m - (marks[k] as number)) / 1000);
  return {
    off: error / rms,
    picked: (want[token] ?? -Infinity) >= largest - 2 * error,
    bytes,
    seconds: { load, token: token_, loops },
  };
}

const COMMAND = {
  name: "deno task check:llama",
  summary: "Compiles and runs Llama-3.2-1B's shape with random weights, against plain loops.",
  options: {},
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

if (import.meta.main) {
  await runCommand(COMMAND, async (args) => {
    argumentsOf(COMMAND, args);
    const begun = cpuTime(), { bytes } = planLlama();
    console.log(`to WGSL in ${((cpuTime() - begun) / 1000).toFixed(2)} s of CPU time, which may be 2`);
    console.log(`the plan takes ${(bytes / 1e9).toFixed(3)} GB with ${CONTEXT} tokens, which may be 0.8`);
    using device = await Device.open({ backend: "webgpu" });
    const run = await runLlama(device, LLAMA_1B.num_hidden_layers);
    console.log(`on ${device.target.name}:`, run);
    if (!(run.off < 0.03 && run.picked)) {
      throw new Error(
        `expected logits within 0.03 of their RMS, got ${run.off}, and ${
          run.picked ? "the" : "not the"
        } best token`,
      );
    }
  });
}
