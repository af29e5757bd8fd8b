/**
 * Tokens per second of process CPU time, beside ONNX Runtime in one process, on WebGPU or on the CPU (its WebAssembly): a
 * token at a time with the most probable one each, and prompts of 128 tokens. Models are stories260k of the data, and the
 * shape of stories15M with random weights. A dispatch of a software adapter costs CPU time, so that is the clock.
 */
import { argumentsOf, type CliOption, type Command, runCommand } from "../../lib/cli/arguments.ts";
import { BACKEND } from "../../lib/cli/common_options.ts";
import { ONLY } from "../bench/options.ts";
import { cpuUsage } from "node:process";
import { readConfig } from "../../lib/models/config/read_config.ts";
import { Decoding } from "../../lib/models/language/decoding.ts";
import { Engine } from "../../lib/models/language/engine.ts";
import { settingsOf } from "../../lib/models/language/sampling/settings.ts";
import { openWeights } from "../../lib/models/weights/open_weights.ts";
import { type TensorInfo, tensorInfo, type WeightSource } from "../../lib/models/weights/weight_source.ts";
import { median } from "../../lib/base/statistics.ts";
import { Rng } from "../../lib/base/random.ts";
import { Device } from "../../lib/runtime/device.ts";
import { type Elements, type LlamaSizes, type OnnxProvider, openOnnxLlama } from "./llama_onnx.ts";

const PROMPT = 128, ROUNDS = 5, STEPS = 8, CONTEXT = 256;

/** Rounds before those that count: programs are compiled, and WebAssembly that has run for a while is compiled again. */
const WARM = 5;

/** A model's sizes and elements. */
interface Subject {
  readonly name: string;
  readonly sizes: LlamaSizes;
  readonly weights: WeightSource;
  readonly elements: Elements;
  /** Tokens that a sample decodes: of this module, and of ONNX Runtime. */
  readonly samples: readonly [number, number];
}

async function stories260k(): Promise<Subject> {
  const data = Deno.env.get("TUNEBOOK_DATA");
  if (!data) throw new Error("expected TUNEBOOK_DATA to name the folder of the data");
  const weights = await openWeights(`${data}/stories260k`),
    known = new Map<string, Float32Array<ArrayBuffer>>();
  for (const name of weights.tensors.keys()) known.set(name, Float32Array.from(await weights.read(name)));
  const elements = (name: string) => known.get(name) as Float32Array<ArrayBuffer>;
  const sizes = {
    hidden: 64,
    intermediate: 172,
    layers: 5,
    heads: 8,
    kvHeads: 4,
    vocabulary: 512,
    context: CONTEXT,
    eps: 1e-5,
    theta: 1e4,
  };
  return { name: "stories260k", sizes, weights, elements, samples: [64, 16] };
}

function stories15M(): Subject {
  const sizes = {
    hidden: 288,
    intermediate: 768,
    layers: 6,
    heads: 6,
    kvHeads: 6,
    vocabulary: 32000,
    context: CONTEXT,
    eps: 1e-5,
    theta: 1e4,
  };
  const rng = Rng.of(5), tensors = new Map<string, TensorInfo>();
  const known = new Map<string, Float32Array<ArrayBuffer>>();
  const put = (name: string, ...shape: readonly number[]) => {
    const info = tensorInfo(shape, "f32"), [, columns] = shape;
    if (!info) throw new Error(`no tensor of ${shape}`);
    tensors.set(name, info);
    const scale = columns ? 2 / Math.sqrt(columns) : 0;
    known.set(
      name,
      Float32Array.from({ length: info.bytes / 4 }, () => scale ? (rng.float() - 0.5) * scale : 1),
    );
  };
  put("model.embed_tokens.weight", sizes.vocabulary, sizes.hidden);
  for (let k = 0; k < sizes.layers; k++) {
    const at = `model.layers.${k}.`;
    put(`${at}input_layernorm.weight`, sizes.hidden);
    for (const name of ["q", "k", "v", "o"]) {
      put(`${at}self_attn.${name}_proj.weight`, sizes.hidden, sizes.hidden);
    }
    put(`${at}post_attention_layernorm.weight`, sizes.hidden);
    put(`${at}mlp.gate_proj.weight`, sizes.intermediate, sizes.hidden);
    put(`${at}mlp.up_proj.weight`, sizes.intermediate, sizes.hidden);
    put(`${at}mlp.down_proj.weight`, sizes.hidden, sizes.intermediate);
  }
  put("model.norm.weight", sizes.hidden);
  const elements = (name: string) => known.get(name) as Float32Array<ArrayBuffer>;
  const weights: WeightSource = {
    format: "safetensors",
    where: "random weights",
    tensors,
    unreadable: new Map(),
    bytes: 0,
    read: (name, { rows } = {}) => {
      const all = elements(name),
        { shape: [first = 1] } = tensors.get(name) ?? { shape: [] },
        width = all.length / first;
      return Promise.resolve(rows ? all.slice(rows[0] * width, rows[1] * width) : all);
    },
  };
  return { name: "stories15M's shape", sizes, weights, elements, samples: [16, 4] };
}

/** What reads a prompt and decodes tokens after it. */
interface Reader {
  /** Reads the prompt; gives CPU seconds. */
  prefill(ids: readonly number[]): Promise<number>;
  /** Decodes tokens after the prompt; gives them, and CPU seconds. */
  decode(tokens: number): Promise<{ readonly tokens: readonly number[]; readonly seconds: number }>;
}

const clock = () => {
  const { user, system } = cpuUsage(), begun = user + system;
  return () => {
    const { user, system } = cpuUsage();
    return (user + system - begun) / 1e6;
  };
};

async function own({ sizes, weights }: Subject, device: Device, held: DisposableStack): Promise<Reader> {
  const engine = held.use(
    await Engine.open(device, {
      config: readConfig({
        model_type: "llama",
        hidden_size: sizes.hidden,
        intermediate_size: sizes.intermediate,
        num_hidden_layers: sizes.layers,
        num_attention_heads: sizes.heads,
        num_key_value_heads: sizes.kvHeads,
        vocab_size: sizes.vocabulary,
        max_position_embeddings: CONTEXT,
        rms_norm_eps: sizes.eps,
        rope_theta: sizes.theta,
        hidden_act: "silu",
        tie_word_embeddings: true,
      }),
      weights,
      quantization: "q0f32",
      context: CONTEXT,
      pages: CONTEXT / 16 + 1,
      chunk: PROMPT,
    }),
  );
  const settings = settingsOf({ temperature: 0 }, {}, 0);
  let sequence = engine.table.add(), prompt: readonly number[] = [];
  return {
    async prefill(ids) {
      engine.table.remove(sequence);
      sequence = engine.table.add();
      prompt = ids;
      const spent = clock();
      await engine.prefill(sequence, ids);
      // The last token is decoded, so that what was submitted is done; it is part of the time.
      engine.table.pop(sequence, 1);
      await engine.reserve(sequence, 1);
      using decoding = new Decoding(engine, [{ sequence, ids, promptTokens: ids.length, settings }]);
      await decoding.run(1, false);
      engine.table.pop(sequence, 1);
      return spent();
    },
    async decode(count) {
      const spent = clock(), tokens: number[] = [];
      using decoding = new Decoding(engine, [{
        sequence,
        ids: prompt,
        promptTokens: prompt.length,
        settings,
      }]);
      while (tokens.length < count) {
        const steps = Math.min(STEPS, count - tokens.length);
        await engine.reserve(sequence, steps);
        tokens.push(...(await decoding.run(steps, false)).tokens[0] ?? []);
      }
      return { tokens, seconds: spent() };
    },
  };
}

async function onnx(
  { sizes, elements }: Subject,
  held: AsyncDisposableStack,
  provider: OnnxProvider,
): Promise<Reader> {
  const llama = held.use(await openOnnxLlama(sizes, elements, PROMPT, provider));
  let next = 0, position = 0;
  return {
    async prefill(ids) {
      const spent = clock();
      next = await llama.read(ids, 0);
      position = ids.length;
      return spent();
    },
    async decode(count) {
      const spent = clock(), tokens = [next];
      while (tokens.length < count) tokens.push(next = await llama.read([next], position++));
      return { tokens, seconds: spent() };
    },
  };
}

const COMMAND = {
  name: "deno task bench:lm",
  summary:
    "Compares tokens per CPU second with ONNX Runtime in the same process: stories260k, stories15M's shape.",
  options: { only: ONLY, backend: BACKEND },
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

async function benchLm(args: readonly string[]): Promise<number | void> {
  const { only = "", backend } = argumentsOf(COMMAND, args).values;
  const provider = backend === "cpu" ? "wasm" : "webgpu";
  using device = await Device.open({ backend: backend === "cpu" ? "cpu" : "webgpu" });
  for (const [name, open] of Object.entries({ stories260k, stories15M })) {
    if (!name.includes(only)) continue;
    const subject = await open();
    using held = new DisposableStack();
    await using more = new AsyncDisposableStack();
    const readers = [await own(subject, device, held), await onnx(subject, more, provider)] as const;
    const ids = Array.from({ length: PROMPT }, (_, k) => 3 + k * 7 % (subject.sizes.vocabulary - 3));
    const rates = readers.map(() => ({ decode: [] as number[], prefill: [] as number[] }));
    for (let round = -WARM; round < ROUNDS; round++) {
      const told: (readonly number[])[] = [];
      for (const [k, reader] of readers.entries()) {
        const prefill = await reader.prefill(ids),
          { tokens, seconds } = await reader.decode(subject.samples[k] as number);
        told.push(tokens);
        if (round < 0) continue;
        rates[k]?.prefill.push(PROMPT / prefill);
        rates[k]?.decode.push(tokens.length / seconds);
      }
      const [mine = [], theirs = []] = told,
        same = mine.findIndex((id, k) => k < theirs.length && id !== theirs[k]);
      if (round === -WARM) {
        console.log(`${subject.name}: the same tokens ${same < 0 ? "throughout" : `up to ${same}`}`);
      }
    }
    for (const kind of ["decode", "prefill"] as const) {
      const [a = NaN, b = NaN] = rates.map((r) => median(r[kind]));
      console.log(
        `${subject.name}, ${kind}: ${a.toFixed(1)} tokens per CPU second, ONNX Runtime ${b.toFixed(1)}: ${
          (a / b).toFixed(1)
        } times`,
      );
    }
  }
}

await runCommand(COMMAND, benchLm);
