/** Llama-3.2-1B's shape on a device: its logits against plain loops, what it takes there, and how long it takes to WGSL. */
import { cpuTime } from "../../../lib/runtime/platform.ts";
import type { Device } from "../../../lib/runtime/device.ts";
import { readConfig } from "../../../lib/models/config/read_config.ts";
import { Decoding } from "../../../lib/models/language/decoding.ts";
import { Engine } from "../../../lib/models/language/engine.ts";
import { settingsOf } from "../../../lib/models/language/sampling/settings.ts";
import { PAGE_SIZE } from "../../../lib/models/language/step_graph.ts";
import { LLAMA_1B, randomLlama } from "./llama_1b.ts";
import { llamaLogits } from "./llama_loop.ts";

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
export async function runLlama(device: Device, layers: number, context: number): Promise<LlamaRun> {
  const json = { ...LLAMA_1B, num_hidden_layers: layers }, weights = randomLlama(layers);
  const ids = [128000, 9906, 71], marks = [cpuTime()], before = device.memory.total;
  using engine = await Engine.open(device, {
    config: readConfig(json),
    weights,
    quantization: "q4f16_1",
    context,
    pages: context / PAGE_SIZE + 1,
    chunk: 64,
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
