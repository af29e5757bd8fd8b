/** The tokenizer of a GGUF file, as tokenizer.json and tokenizer_config.json would hold it. */
import { ownValue } from "../../base/own_value.ts";
import { shownValue } from "../../base/shown_value.ts";
import { ModelError } from "../error.ts";
import type { GgufValue } from "../weights/gguf_header.ts";

/** The contents of tokenizer.json and tokenizer_config.json. */
export interface TokenizerFiles {
  /** tokenizer.json. */
  readonly tokenizer: Readonly<Record<string, unknown>>;
  /** tokenizer_config.json, with the chat template if there is one. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** The most characters of a token that is made by merging others. */
const LONGEST_TOKEN = 256;
/** GGUF's types of tokens that aren't text. */
const UNKNOWN = 2, CONTROL = 3, USER_DEFINED = 4;

const LLAMA_3 =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*" +
  "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const GPT_2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
/** How text is split before it is encoded, by llama.cpp's names. */
const SPLITS: Readonly<Record<string, string>> = {
  "default": GPT_2,
  "gpt-2": GPT_2,
  "llama-bpe": LLAMA_3,
  "llama3": LLAMA_3,
  "llama-v3": LLAMA_3,
  "qwen2": LLAMA_3.replace("{1,3}", ""),
};

/**
 * Makes the files of a tokenizer from GGUF's metadata: byte-level BPE (`gpt2`) or SentencePiece (`llama`).
 *
 * @throws {ModelError} for another kind of tokenizer, and metadata that doesn't describe one
 */
export function ggufTokenizer(metadata: ReadonlyMap<string, GgufValue>, where: string): TokenizerFiles {
  const field = (name: string) => metadata.get(`tokenizer.ggml.${name}`), kind = field("model");
  const tokens = textsOf(field("tokens"), "tokenizer.ggml.tokens", where),
    types = numbersOf(field("token_type"));
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  const added = tokens.flatMap((content, id) => {
    const type = types[id] ?? 1, special = type === UNKNOWN || type === CONTROL;
    if (!special && type !== USER_DEFINED) return [];
    return [{ id, content, special, single_word: false, lstrip: false, rstrip: false, normalized: false }];
  });
  const tokenAt = (name: string) => tokens[Number(field(`${name}_token_id`) ?? -1)];
  const bos = tokenAt("bos"), eos = tokenAt("eos"), template = metadata.get("tokenizer.chat_template");
  const parts = kind === "gpt2"
    ? byteLevel(vocab, textsOf(field("merges"), "tokenizer.ggml.merges", where), field("pre"), where)
    : kind === "llama"
    ? sentencePiece(
      vocab,
      tokens,
      numbersOf(field("scores")),
      tokenAt("unknown"),
      field("add_space_prefix") !== false,
    )
    : undefined;
  if (!parts) {
    throw new ModelError(
      `expected tokenizer.ggml.model to be gpt2 or llama, got ${shownValue(kind)}, in ${where}`,
    );
  }
  const begins = field("add_bos_token") ?? kind === "llama";
  const post_processor = begins && bos !== undefined ? beginsWith(bos, vocab[bos] as number) : null;
  const config = {
    ...(bos === undefined ? {} : { bos_token: bos }),
    ...(eos === undefined ? {} : { eos_token: eos }),
    ...(typeof template === "string" ? { chat_template: template } : {}),
    clean_up_tokenization_spaces: false,
  };
  return { tokenizer: { version: "1.0", added_tokens: added, ...parts, post_processor }, config };
}

function byteLevel(
  vocab: Readonly<Record<string, number>>,
  merges: readonly string[],
  pre: GgufValue | undefined,
  where: string,
): Readonly<Record<string, unknown>> {
  const name = pre ?? "default", regex = typeof name === "string" ? ownValue(SPLITS, name) : undefined;
  if (regex === undefined) {
    throw new ModelError(
      `expected tokenizer.ggml.pre to be one of ${Object.keys(SPLITS).join(", ")}, got ${
        shownValue(name)
      }, in ${where}`,
    );
  }
  return {
    normalizer: name === "qwen2" ? { type: "NFC" } : null,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: regex }, behavior: "Isolated", invert: false },
        { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    // Llama 3 takes a word that is a token as it is.
    model: {
      type: "BPE",
      vocab,
      merges,
      ignore_merges: regex === LLAMA_3,
      byte_fallback: false,
      fuse_unk: false,
    },
  };
}

function sentencePiece(
  vocab: Readonly<Record<string, number>>,
  tokens: readonly string[],
  scores: readonly number[],
  unknown: string | undefined,
  prefix: boolean,
): Readonly<Record<string, unknown>> {
  const spaces = { type: "Replace", pattern: { String: " " }, content: "▁" };
  const normalizers = prefix ? [{ type: "Prepend", prepend: "▁" }, spaces] : [spaces];
  const decoders = [
    { type: "Replace", pattern: { String: "▁" }, content: " " },
    { type: "ByteFallback" },
    { type: "Fuse" },
    ...(prefix ? [{ type: "Strip", content: " ", start: 1, stop: 0 }] : []),
  ];
  return {
    normalizer: { type: "Sequence", normalizers },
    pre_tokenizer: null,
    decoder: { type: "Sequence", decoders },
    model: {
      type: "BPE",
      unk_token: unknown ?? null,
      byte_fallback: true,
      fuse_unk: true,
      vocab,
      merges: mergesOf(vocab, tokens, scores),
    },
  };
}

/** The pairs of tokens that make another one, those of the highest scores first. */
function mergesOf(
  vocab: Readonly<Record<string, number>>,
  tokens: readonly string[],
  scores: readonly number[],
): readonly (readonly [string, string])[] {
  const known = new Set(Object.keys(vocab));
  const scored = tokens.flatMap((token, id) => {
    const letters = Array.from(token);
    if (letters.length < 2 || letters.length > LONGEST_TOKEN) return [];
    return letters.slice(1).flatMap((_, k) => {
      const left = letters.slice(0, k + 1).join(""), right = letters.slice(k + 1).join("");
      return known.has(left) && known.has(right)
        ? [{ pair: [left, right] as const, score: scores[id] ?? 0 }]
        : [];
    });
  });
  return scored.toSorted((a, b) => b.score - a.score).map((m) => m.pair);
}

function beginsWith(token: string, id: number): Readonly<Record<string, unknown>> {
  return {
    type: "TemplateProcessing",
    single: [{ SpecialToken: { id: token, type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
    pair: [],
    special_tokens: { [token]: { id: token, ids: [id], tokens: [token] } },
  };
}

function textsOf(value: GgufValue | undefined, name: string, where: string): readonly string[] {
  if (Array.isArray(value) && value.every((v) => typeof v === "string")) return value;
  throw new ModelError(`expected ${name} to be a list of texts, got ${shownValue(value)}, in ${where}`);
}

function numbersOf(value: GgufValue | undefined): readonly number[] {
  return Array.isArray(value) ? value.map(Number) : [];
}
