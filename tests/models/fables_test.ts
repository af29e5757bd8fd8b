/** The model that ships: its files, its tokenizer, its weights, and the grammar that its fables follow. */
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { Template } from "@huggingface/jinja";
import { Tokenizer } from "@huggingface/tokenizers";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import grammar from "./fables/grammar.json" with { type: "json" };
import golden from "./fables/golden.json" with { type: "json" };
import samples from "./fables/samples.json" with { type: "json" };
import { openModel } from "../../lib/models/open_model.ts";
import { loadParameters } from "../../lib/models/parameters/load_parameters.ts";
import { dequantized } from "./dequantize.ts";
import { parseStory } from "./fables/parse_story.ts";
import { hasPython, hasTorch, python, train } from "./fables/python.ts";
import { type Checkpoint, referenceLogits, type ReferenceTensor } from "./reference.ts";

interface TensorRecord {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly nbytes: number;
  readonly byteOffset: number;
}

const FOLDER = new URL("../../lib/models/fables/", import.meta.url);
const json = (file: string) => JSON.parse(Deno.readTextFileSync(new URL(file, FOLDER)));
const config = json("mlc-chat-config.json");
const shape = config.model_config;
const noPython = Deno.env.get("CI") !== "true" && !hasPython();

Deno.test("the folder has its files, and 1.5 MB at most", () => {
  const files = [...Deno.readDirSync(FOLDER)].map((entry) => entry.name).sort();
  assertEquals(files, [
    "generation_config.json",
    "mlc-chat-config.json",
    "params_shard_0.bin",
    "tensor-cache.json",
    "tokenizer.json",
    "tokenizer_config.json",
  ]);
  assertLess(files.reduce((n, f) => n + Deno.statSync(new URL(f, FOLDER)).size, 0), 1.5e6);
});

Deno.test("the shard holds the tensors of the architecture, one after another", () => {
  const { hidden_size: hidden, intermediate_size: inner, head_dim: head } = shape;
  const heads = shape.num_attention_heads, kv = shape.num_key_value_heads;
  const expected = new Map<string, readonly number[]>();
  const matrix = (name: string, rows: number, columns: number) => {
    expected.set(`${name}.q_weight`, [rows, Math.ceil(columns / 32) * 4]);
    expected.set(`${name}.q_scale`, [rows, Math.ceil(columns / 32)]);
  };
  matrix("model.embed_tokens", shape.vocab_size, hidden);
  for (let i = 0; i < shape.num_hidden_layers; i++) {
    const at = `model.layers.${i}`;
    matrix(`${at}.self_attn.qkv_proj`, (heads + 2 * kv) * head, hidden);
    matrix(`${at}.self_attn.o_proj`, hidden, heads * head);
    matrix(`${at}.mlp.gate_up_proj`, 2 * inner, hidden);
    matrix(`${at}.mlp.down_proj`, hidden, inner);
    expected.set(`${at}.input_layernorm.weight`, [hidden]);
    expected.set(`${at}.post_attention_layernorm.weight`, [hidden]);
  }
  expected.set("model.norm.weight", [hidden]);
  const [shard, ...others] = json("tensor-cache.json").records;
  const tensors: readonly TensorRecord[] = shard.records;
  assertEquals(others, []);
  assertEquals(new Map(tensors.map((t) => [t.name, t.shape])), expected);
  let end = 0;
  for (const { name, shape, dtype, nbytes, byteOffset } of tensors) {
    assertEquals(dtype, name.endsWith(".q_weight") ? "uint32" : "float16");
    assertEquals(nbytes, shape.reduce((n, d) => n * d, 1) * (dtype === "uint32" ? 4 : 2));
    assertEquals(byteOffset, end);
    end += nbytes;
  }
  const bytes = Deno.readFileSync(new URL("params_shard_0.bin", FOLDER));
  assertEquals(bytes.length, end);
  for (const { name, byteOffset, nbytes, dtype } of tensors) {
    const part = bytes.slice(byteOffset, byteOffset + nbytes);
    if (dtype === "uint32") {
      assert(part.every((b) => (b & 15) < 15 && b >> 4 < 15), `${name} has nibbles of 0 to 14`);
    } else assert(new Float16Array(part.buffer).every(Number.isFinite), `${name} is finite`);
  }
});

/** Reads the shard without the module, and decodes its matrices. */
function checkpoint(): Checkpoint {
  const records: readonly TensorRecord[] = json("tensor-cache.json").records[0].records;
  const { buffer } = Deno.readFileSync(new URL("params_shard_0.bin", FOLDER));
  const tensors: Record<string, ReferenceTensor> = {};
  let words = new Uint32Array();
  for (const { name, shape, byteOffset, nbytes } of records) {
    const bytes = buffer.slice(byteOffset, byteOffset + nbytes);
    if (name.endsWith(".q_weight")) words = new Uint32Array(bytes);
    else if (name.endsWith(".q_scale")) {
      const [rows = 0, groups = 0] = shape, size = [rows, groups * 32] as const;
      const data = dequantized(words, new Float16Array(bytes), size, 4);
      tensors[name.replace(".q_scale", ".weight")] = { shape: size, data };
    } else tensors[name] = { shape, data: new Float16Array(bytes) };
  }
  const names = { model_type: "llama", rope_theta: shape.position_embedding_base };
  return { config: { ...shape, ...names, max_position_embeddings: shape.context_window_size }, tensors };
}

Deno.test("the folder's weights give PyTorch's logits and greedy tokens", () => {
  const model = checkpoint();
  for (const { promptIds, greedyIds, logits } of golden.cases) {
    const all = referenceLogits(model, [...promptIds, ...greedyIds]).slice(promptIds.length - 1, -1);
    assertEquals(all.map((z) => z.indexOf(Math.max(...z))), greedyIds);
    for (const { step, values } of logits) {
      values.forEach((value, k) => assertLess(Math.abs((all[step]?.[k] as number) - value), 1e-3));
    }
  }
});

Deno.test("the module opens the folder and loads each of its parameters", async () => {
  const { config: read, generation, quantization, weights } = await openModel(fileURLToPath(FOLDER));
  assertEquals([read.layers, read.vocabularySize, read.tiedEmbeddings], [
    shape.num_hidden_layers,
    shape.vocab_size,
    true,
  ]);
  assertEquals([quantization, generation.temperature, generation.topP], ["q4f16_1", 0.7, 0.95]);
  let bytes = 0;
  for await (const { arrays } of loadParameters(weights, read)) {
    bytes += arrays.reduce((n, { data }) => n + data.byteLength, 0);
  }
  assertEquals(bytes, Deno.statSync(new URL("params_shard_0.bin", FOLDER)).size);
});

const tokenizer = new Tokenizer(json("tokenizer.json"), json("tokenizer_config.json"));
const encode = (text: string) => tokenizer.encode(text, { add_special_tokens: false }).ids;

Deno.test("the tokenizer's vocabulary has the embedding's rows, and every word of the grammar as one token", () => {
  assertEquals(Object.values<number>(json("tokenizer.json").model.vocab).sort((a, b) => a - b), [
    ...Array(shape.vocab_size).keys(),
  ]);
  for (const slot of ["hero", "friend", "trait", "mood"] as const) {
    for (const word of grammar.slots[slot]) assertEquals(encode(` ${word}`).length, 1, word);
  }
  for (const { cargo } of Object.values(grammar.lessons).flatMap(({ ways }) => ways)) {
    assertEquals(encode(` ${cargo}`).length, 1, cargo);
  }
  for (const lesson of Object.keys(grammar.lessons)) assertEquals(encode(` ${lesson}`).length, 1, lesson);
  for (const name of grammar.names.known) assertEquals(encode(` ${name}`).length, 1, name);
});

Deno.test("text comes back from its tokens", () => {
  const text = fc.string({ unit: "binary", minLength: 1, maxLength: 40 }).filter((s) => !s.includes("<|"));
  fc.assert(fc.property(text, (t) => assertEquals(tokenizer.decode(encode(t)), t)));
});

Deno.test({
  name: "both tokenizers agree on the grammar's stories and on random text",
  ignore: noPython,
  fn: async () => {
    const seed = String(Math.floor(Math.random() * 2 ** 31));
    const stories = await python("grammar.py", ["150", seed]) as readonly { readonly story: string }[];
    const mixed = fc.array(
      fc.oneof(
        fc.string({ unit: "binary", maxLength: 12 }),
        fc.string({ unit: "grapheme", maxLength: 12 }),
        fc.string({ maxLength: 12 }),
        fc.constantFrom(
          " fox",
          "tiling",
          "'",
          "  ",
          "\n",
          "é",
          "\u00a0",
          "\u0085",
          "\ufeff",
          "😀",
          "7",
          '."',
        ),
      ),
      { maxLength: 8 },
    ).map((parts) => parts.join("")).filter((t) => !t.includes("<|"));
    const texts = [...stories.map((s) => s.story), ...fc.sample(mixed, 400)];
    const path = "../../../lib/models/fables/tokenizer.json";
    const ids = await python("tokenizer.py", [path], texts) as readonly (readonly number[])[];
    texts.forEach((text, k) => assertEquals(encode(text), ids[k], JSON.stringify(text)));
  },
});

Deno.test("the chat template's tokens are those of training", () => {
  const { chat_template, bos_token, eos_token } = json("tokenizer_config.json");
  const template = new Template(chat_template);
  for (const { messages, promptIds } of golden.cases) {
    const add_generation_prompt = messages.length > 0;
    const text = template.render({ messages, bos_token, eos_token, add_generation_prompt });
    assertEquals(encode(text), promptIds);
  }
});

Deno.test("the chat template leaves out fables before the last request for one, and nothing else", () => {
  const { chat_template, bos_token, eos_token } = json("tokenizer_config.json");
  const template = new Template(chat_template);
  const turn = (content: string, answer: string) => [
    { role: "user", content },
    { role: "assistant", content: answer },
  ];
  const name = turn("I am Ada.", "Hello Ada!"), asks = "Tell me a fable about a shy fox and tiling.";
  const told = turn(asks, "A shy fox lived. The moral of tiling: Cut."),
    question = turn("Who helped?", "A mole.");
  const render = (...parts: readonly ReturnType<typeof turn>[]) =>
    template.render({ messages: parts.flat(), bos_token, eos_token, add_generation_prompt: false });
  const texts = [told, name, question].map((p) => render(p).replace(bos_token, ""));
  const [story, named, asked] = texts as [string, string, string];
  assertEquals(render(told, name, told), `${bos_token}${named}${story}`);
  assertEquals(render(name, told, question, told, question), `${bos_token}${named}${asked}${story}${asked}`);
  // "Another one, please." goes on from the fable before it.
  const another = turn("Another one, please.", "A shy fox lived. The moral of tiling: Cut.");
  assertEquals(render(told, another).split("moral").length, 3);
});

Deno.test({
  name: "two independent readers of stories agree on what the grammar writes",
  ignore: noPython,
  fn: async () => {
    const seed = String(Math.floor(Math.random() * 2 ** 31));
    const stories = await python("grammar.py", ["30", seed]) as readonly {
      readonly story: string;
      readonly slots: Readonly<Record<string, string>>;
    }[];
    for (const { story, slots } of stories) {
      assertEquals(parseStory(story), { slots });
      // One mention of the hero becomes another animal.
      const other = grammar.slots.hero.find((h) => h !== slots.hero) as string;
      const at = story.lastIndexOf(` ${slots.hero} `);
      const changed = story.slice(0, at) + ` ${other} ` + story.slice(at + (slots.hero as string).length + 2);
      assert("wrong" in parseStory(changed), changed);
      assert("wrong" in parseStory(story.replace(/ [^.]+\.$/, "")));
    }
  },
});

Deno.test("stories that the model told at its default temperature are consistent, by a reader that training didn't have", () => {
  assertGreater(samples.stories.length, 30);
  let whole = 0;
  for (const { story, found } of samples.stories) {
    const parsed = parseStory(story);
    assertEquals("slots" in parsed, !("error" in found), story);
    if ("slots" in parsed) {
      assertEquals<unknown>(parsed.slots, found);
      whole++;
    }
  }
  assertGreater(whole / samples.stories.length, 0.9);
});

Deno.test({
  name: "training that stops and goes on writes the folder that it writes at once",
  ignore: !hasTorch(),
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      const small = ["--steps", "3", "--batch", "400", "--hidden", "64", "--layers", "1", "--inner", "32"];
      await train(["--out", `${folder}/once`, ...small]);
      await train(["--out", `${folder}/twice`, ...small, "--stop", "1"]);
      await train(["--out", `${folder}/twice`, ...small]);
      for (const { name } of Deno.readDirSync(FOLDER)) {
        const [once, twice] = ["once", "twice"].map((run) =>
          Deno.readFileSync(`${folder}/${run}/folder/${name}`)
        );
        assertEquals(once, twice, name);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
