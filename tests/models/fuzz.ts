/**
 * Files of language models with bytes and fields that are wrong: each is read or gives a typed error, soon and in little
 * memory. `deno task models:fuzz [ROUNDS] [SEED]` runs more rounds than the test.
 */
import { argumentsOf, type CliOption, type Command, runCommand } from "../../lib/cli/arguments.ts";
import { SEED } from "../../lib/cli/common_options.ts";
import { numberOf } from "../bench/options.ts";
import { join } from "node:path";
import { TunebookError } from "../../lib/base/error.ts";
import { openModel } from "../../lib/models/open_model.ts";
import { loadParameters } from "../../lib/models/parameters/load_parameters.ts";
import { ChatTemplate } from "../../lib/models/tokenizer/chat_template.ts";
import { Tokenizer } from "../../lib/models/tokenizer/tokenizer.ts";
import { normalNumbers, tinyCheckpoint, writeCheckpoint } from "./tiny_checkpoint.ts";
import { ggufBytes, ggufMetadata, ggufTensors } from "./write_gguf.ts";
import { mlcConfig, mlcTensors, writeMlc } from "./write_mlc.ts";

/** What a file of a tokenizer may hold. */
const TOKENIZER = {
  added_tokens: [{
    id: 0,
    content: "<s>",
    special: true,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  }],
  normalizer: {
    type: "Sequence",
    normalizers: [{ type: "Prepend", prepend: "▁" }, {
      type: "Replace",
      pattern: { String: " " },
      content: "▁",
    }],
  },
  pre_tokenizer: { type: "Split", pattern: { Regex: "[a-z]+" }, behavior: "Isolated", invert: false },
  post_processor: {
    type: "TemplateProcessing",
    single: [{ SpecialToken: { id: "<s>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
    pair: [],
    special_tokens: { "<s>": { id: "<s>", ids: [0], tokens: ["<s>"] } },
  },
  decoder: {
    type: "Sequence",
    decoders: [{ type: "Replace", pattern: { String: "▁" }, content: " " }, { type: "ByteFallback" }],
  },
  model: {
    type: "BPE",
    unk_token: "<s>",
    byte_fallback: true,
    vocab: { "<s>": 0, "▁": 1, a: 2, "▁a": 3, "<0x41>": 4 },
    merges: ["▁ a"],
  },
};
const TEMPLATE =
  "{% for m in messages %}{{ bos_token }}{{ m['role'] | trim }}: {{ m.content.replace('a', 'b')[:9] }}\n{% endfor %}" +
  "{% if add_generation_prompt and tools is none %}{{ messages | length ~ 'x' }}{% endif %}{% set ns = namespace(a=1) %}";

/** Writes a model in each format, and gives what is opened. */
async function writeModels(folder: string): Promise<readonly string[]> {
  const sizes = {
    num_hidden_layers: 1,
    hidden_size: 24,
    intermediate_size: 20,
    vocab_size: 11,
    num_attention_heads: 2,
    num_key_value_heads: 1,
  };
  const checkpoint = tinyCheckpoint("llama3", 1, { ...sizes, tie_word_embeddings: false });
  const [hf, mlc, gguf] = ["hf", "mlc", "gguf"].map((n) => join(folder, n)) as [string, string, string];
  for (const f of [hf, mlc, gguf]) await Deno.mkdir(f);
  await writeCheckpoint(hf, checkpoint, { dtype: "BF16", shards: 2 });
  await Deno.writeTextFile(
    join(hf, "generation_config.json"),
    '{"temperature": 0.7, "top_k": 5, "do_sample": true, "eos_token_id": [2]}',
  );
  await writeMlc(mlc, mlcTensors(checkpoint));
  await Deno.writeTextFile(join(mlc, "mlc-chat-config.json"), JSON.stringify(mlcConfig(checkpoint, "q0f32")));
  for (const f of [hf, mlc]) {
    await Deno.writeTextFile(join(f, "tokenizer.json"), JSON.stringify(TOKENIZER));
    await Deno.writeTextFile(
      join(f, "tokenizer_config.json"),
      JSON.stringify({ chat_template: TEMPLATE, bos_token: "<s>" }),
    );
  }
  await Deno.writeFile(
    join(gguf, "model.gguf"),
    ggufBytes(ggufMetadata(checkpoint), ggufTensors(checkpoint, "F16")),
  );
  return [hf, mlc, join(gguf, "model.gguf")];
}

/** Reads all that a folder has. Anything but a typed error is a fault. */
async function readAll(path: string): Promise<void> {
  const attempt = async (run: () => Promise<unknown>) => {
    try {
      await run();
    } catch (e) {
      if (!(e instanceof TunebookError)) throw e;
    }
  };
  await attempt(async () => {
    const { weights, config } = await openModel(path);
    for await (const _ of loadParameters(weights, config)) { /* only read */ }
  });
  await attempt(async () => {
    const tokenizer = await Tokenizer.load(path);
    tokenizer.decode([...tokenizer.encode("a b é"), 1, 4, 99]);
  });
  await attempt(async () => (await ChatTemplate.load(path))?.render([{ role: "user", content: "aha" }]));
}

/** Values that files of untrusted origin hold where another kind is expected. */
const EXTREMES: readonly unknown[] = [
  0,
  -1,
  0.5,
  1e9,
  2 ** 53,
  -(2 ** 53),
  1e308,
  null,
  "",
  "x",
  "../../x",
  "/etc/passwd",
  "toString",
  "__proto__",
  [],
  {},
  [[]],
  true,
];

/** Changes one value of JSON, at random. */
function changedJson(json: unknown, below: (n: number) => number): unknown {
  if (typeof json !== "object" || json === null || below(4) === 0) return EXTREMES[below(EXTREMES.length)];
  const keys = Object.keys(json), key = keys[below(keys.length)];
  if (key === undefined) return EXTREMES[below(EXTREMES.length)];
  const entries = Object.entries(json as Readonly<Record<string, unknown>>);
  const changed = entries.flatMap(([k, v]) =>
    k !== key ? [[k, v]] : below(8) === 0 ? [] : [[k, changedJson(v, below)]]
  );
  return Array.isArray(json) ? changed.map(([, v]) => v) : Object.fromEntries(changed);
}

/** Changes some bytes, cuts or extends. */
function changedBytes(bytes: Uint8Array, below: (n: number) => number): Uint8Array {
  switch (below(4)) {
    case 0:
      return bytes.slice(0, below(bytes.length));
    case 1:
      return new Uint8Array([...bytes.slice(0, below(bytes.length)), ...bytes]);
    default: {
      const copy = bytes.slice();
      // Headers are at the beginning.
      for (let k = below(4); k >= 0; k--) {
        copy[below(Math.min(copy.length, below(2) === 0 ? 64 : 1e9))] = below(256);
      }
      return copy;
    }
  }
}

function changedFile(file: string, bytes: Uint8Array, below: (n: number) => number): Uint8Array {
  if (!file.endsWith(".json") && !file.endsWith(".safetensors")) return changedBytes(bytes, below);
  if (below(4) === 0) return changedBytes(bytes, below);
  const encoder = new TextEncoder(), start = file.endsWith(".json") ? 0 : 8;
  const length = start === 0 ? bytes.length : Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const json: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(start, start + length)));
  const changed = encoder.encode(JSON.stringify(changedJson(json, below)) ?? "");
  if (start === 0) return changed;
  const out = new Uint8Array([...bytes.subarray(0, 8), ...changed, ...bytes.subarray(8 + length)]);
  new DataView(out.buffer).setBigUint64(0, BigInt(changed.length), true);
  return out;
}

/**
 * Runs rounds: in each, one file of a model is changed, everything is read, and the file is restored.
 *
 * @throws whatever isn't a typed error, with the round's file
 */
export async function fuzz(rounds: number, seed: number): Promise<void> {
  const folder = await Deno.makeTempDir(), normal = normalNumbers(seed);
  const below = (n: number) => Math.min(n - 1, Math.floor(Math.abs(normal() * 7919) % 1 * n));
  try {
    const models = await writeModels(folder);
    for (let round = 0; round < rounds; round++) {
      const path = models[round % models.length] as string;
      const own = path.endsWith(".gguf") ? join(path, "..") : path;
      const files = (await Array.fromAsync(Deno.readDir(own))).map((e) => e.name).toSorted();
      const file = join(own, files[below(files.length)] as string), bytes = await Deno.readFile(file);
      await Deno.writeFile(file, changedFile(file, bytes, below));
      try {
        await readAll(path);
      } catch (e) {
        const kept = await Deno.makeTempFile({ suffix: file.replace(/.*[/\\]/, "-") });
        await Deno.copyFile(file, kept);
        throw new Error(`round ${round} of seed ${seed}: ${file}, kept as ${kept}`, { cause: e });
      }
      await Deno.writeFile(file, bytes);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const COMMAND = {
  name: "deno task models:fuzz",
  summary: "Reads files of language models with bytes and fields that are wrong.",
  options: { rounds: numberOf("Rounds", 3000), seed: SEED },
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

if (import.meta.main) {
  await runCommand(COMMAND, async (args) => {
    const { rounds = 3000, seed = 1 } = argumentsOf(COMMAND, args).values;
    await fuzz(rounds, seed);
    console.log(`${rounds} rounds of seed ${seed}: typed errors only`);
  });
}
