/** Writes GGUF files for tests: version 3, little endian, aligned to 32 bytes. */
import type { Checkpoint, ReferenceTensor } from "./reference.ts";
import { bf16Bits } from "./write_safetensors.ts";

/** A value of the metadata: an integer becomes u32, another number f32. */
export type GgufField =
  | string
  | number
  | boolean
  | readonly string[]
  | readonly number[]
  | { readonly u64: number };

/** A type of tensors that the writer has; blocks of 32 are quantized as GGML does. */
export type GgufType = "F32" | "F16" | "BF16" | "Q8_0" | "Q4_0" | "Q4_1" | "Q6_K";
const CODES: Readonly<Record<GgufType, number>> = {
  F32: 0,
  F16: 1,
  Q4_0: 2,
  Q4_1: 3,
  Q8_0: 8,
  Q6_K: 14,
  BF16: 30,
};

/** A tensor of a file, or raw bytes with the number of their type. */
export type GgufTensor = ReferenceTensor & { readonly type: GgufType };

class Bytes {
  readonly list: number[] = [];
  push(...bytes: readonly number[]): void {
    for (const b of bytes) this.list.push(b & 255);
  }
  number(write: (view: DataView) => void, size: number): void {
    const view = new DataView(new ArrayBuffer(size));
    write(view);
    this.push(...new Uint8Array(view.buffer));
  }
  u32(x: number): void {
    this.number((v) => v.setUint32(0, x, true), 4);
  }
  u64(x: number | bigint): void {
    this.number((v) => v.setBigUint64(0, BigInt(x), true), 8);
  }
  f32(x: number): void {
    this.number((v) => v.setFloat32(0, x, true), 4);
  }
  f16(x: number): void {
    this.number((v) => v.setFloat16(0, x, true), 2);
  }
  text(s: string): void {
    const bytes = new TextEncoder().encode(s);
    this.u64(bytes.length);
    this.push(...bytes);
  }
}

/** The bytes of a file. */
export function ggufBytes(
  metadata: Readonly<Record<string, GgufField>>,
  tensors: Readonly<Record<string, GgufTensor>>,
): Uint8Array {
  const out = new Bytes(), data = new Bytes();
  out.push(...new TextEncoder().encode("GGUF"));
  out.u32(3);
  out.u64(Object.keys(tensors).length);
  out.u64(Object.keys(metadata).length);
  for (const [key, value] of Object.entries(metadata)) {
    out.text(key);
    writeField(out, value);
  }
  for (const [name, { type, shape, data: elements }] of Object.entries(tensors)) {
    out.text(name);
    out.u32(shape.length);
    for (const d of shape.toReversed()) out.u64(d);
    out.u32(CODES[type]);
    out.u64(data.list.length);
    writeElements(data, type, Array.from(elements));
    while (data.list.length % 32 !== 0) data.push(0);
  }
  while (out.list.length % 32 !== 0) out.push(0);
  return new Uint8Array([...out.list, ...data.list]);
}

function writeField(out: Bytes, value: GgufField): void {
  if (typeof value === "string") {
    out.u32(8);
    out.text(value);
  } else if (typeof value === "boolean") {
    out.u32(7);
    out.push(value ? 1 : 0);
  } else if (typeof value === "number") {
    out.u32(Number.isInteger(value) ? 4 : 6);
    if (Number.isInteger(value)) out.u32(value);
    else out.f32(value);
  } else if ("u64" in value) {
    out.u32(10);
    out.u64(value.u64);
  } else {
    out.u32(9);
    out.u32(typeof value[0] === "number" ? 6 : 8);
    out.u64(value.length);
    for (const x of value) typeof x === "number" ? out.f32(x) : out.text(x);
  }
}

function writeElements(out: Bytes, type: GgufType, list: readonly number[]): void {
  if (type === "F32") return out.push(...new Uint8Array(new Float32Array(list).buffer));
  const size = type === "Q6_K" ? 256 : 32;
  for (let at = 0; at < list.length; at += size) {
    const block = list.slice(at, at + size);
    switch (type) {
      case "F16":
        block.forEach((x) => out.f16(x));
        break;
      case "BF16":
        block.forEach((x) => out.push(bf16Bits(x), bf16Bits(x) >> 8));
        break;
      default:
        writeBlock(out, type, block);
    }
  }
}

/** The integers of a block, and how they are scaled: what its elements decode to. */
export function quantizedBlock(
  type: "Q8_0" | "Q4_0" | "Q4_1" | "Q6_K",
  block: readonly number[],
): {
  readonly scale: number;
  readonly least: number;
  readonly integers: readonly number[];
  readonly decoded: readonly number[];
} {
  const most = block.reduce((m, x) => Math.abs(x) > Math.abs(m) ? x : m, 0);
  const low = Math.min(...block), range = Math.max(...block) - low;
  const scale = Math.f16round(
    { Q8_0: Math.abs(most) / 127, Q4_0: most / -8, Q4_1: range / 15, Q6_K: most / -32 }[type],
  );
  const least = type === "Q4_1" ? Math.f16round(low) : 0;
  const [first, last] = { Q8_0: [-127, 127], Q4_0: [-8, 7], Q4_1: [0, 15], Q6_K: [-32, 31] }[type] as [
    number,
    number,
  ];
  const integers = block.map((x) =>
    Math.max(first, Math.min(last, scale === 0 ? 0 : Math.round((x - least) / scale)))
  );
  return { scale, least, integers, decoded: integers.map((q) => q * scale + least) };
}

function writeBlock(out: Bytes, type: "Q8_0" | "Q4_0" | "Q4_1" | "Q6_K", block: readonly number[]): void {
  const { scale, least, integers } = quantizedBlock(type, block), at = (k: number) => integers[k] as number;
  if (type === "Q6_K") {
    // Two halves of 128; in each, four runs of 32 share bytes: low halves of runs 0 and 2, 1 and 3; two bits of all four.
    const q = (k: number) => at(k) + 32;
    for (const half of [0, 128]) {
      for (let k = 0; k < 64; k++) out.push((q(half + k) & 15) | (q(half + k + 64) & 15) << 4);
    }
    for (const half of [0, 128]) {
      for (let k = 0; k < 32; k++) {
        out.push([0, 1, 2, 3].reduce((byte, run) => byte | (q(half + 32 * run + k) >> 4) << 2 * run, 0));
      }
    }
    for (let k = 0; k < 16; k++) out.push(1);
    out.f16(scale);
    return;
  }
  out.f16(scale);
  if (type === "Q4_1") out.f16(least);
  if (type === "Q8_0") return integers.forEach((q) => out.push(q));
  const shift = type === "Q4_0" ? 8 : 0;
  for (let k = 0; k < 16; k++) out.push((at(k) + shift) | (at(k + 16) + shift) << 4);
}

const NAMES: readonly (readonly [RegExp, string])[] = [
  [/^model\.embed_tokens/, "token_embd"],
  [/^model\.norm/, "output_norm"],
  [/^lm_head/, "output"],
  [/^model\.layers\.(\d+)\.input_layernorm/, "blk.$1.attn_norm"],
  [/^model\.layers\.(\d+)\.self_attn\.([qkv])_proj/, "blk.$1.attn_$2"],
  [/^model\.layers\.(\d+)\.self_attn\.([qk])_norm/, "blk.$1.attn_$2_norm"],
  [/^model\.layers\.(\d+)\.self_attn\.qkv_proj/, "blk.$1.attn_qkv"],
  [/^model\.layers\.(\d+)\.self_attn\.o_proj/, "blk.$1.attn_output"],
  [/^model\.layers\.(\d+)\.pre_feedforward_layernorm/, "blk.$1.ffn_norm"],
  [/^model\.layers\.(\d+)\.post_feedforward_layernorm/, "blk.$1.post_ffw_norm"],
  [/^model\.layers\.(\d+)\.mlp\.gate_up_proj/, "blk.$1.ffn_up"],
  [/^model\.layers\.(\d+)\.mlp\.(gate|up|down)_proj/, "blk.$1.ffn_$2"],
];

/** A checkpoint as GGUF's tensors: other names, rows of a Llama's queries and keys interleaved, offsets of norms added. */
export function ggufTensors(
  { config, tensors }: Checkpoint,
  type: GgufType = "F32",
): Record<string, GgufTensor> {
  const kind = String(config.model_type),
    gemma = kind.startsWith("gemma"),
    out: Record<string, GgufTensor> = {};
  const two = kind === "gemma2" || kind === "gemma3_text";
  for (const [name, tensor] of Object.entries(tensors)) {
    const norm = two ? "post_attention_norm" : "ffn_norm";
    let to = name.replace(/^model\.layers\.(\d+)\.post_attention_layernorm/, `blk.$1.${norm}`);
    for (const [pattern, gguf] of NAMES) to = to.replace(pattern, gguf);
    let data = Array.from(tensor.data);
    if (gemma && /norm\.weight$/.test(name)) data = data.map((x) => Math.fround(x + 1));
    const heads = Number(config[/\.q_proj/.test(name) ? "num_attention_heads" : "num_key_value_heads"]);
    if (kind === "llama" && /\.[qk]_proj\./.test(name)) {
      data = interleavedRows(data, tensor.shape[0] ?? 0, heads);
    }
    const own = tensor.shape.length === 2 ? type : "F32";
    out[to] = { type: own, shape: tensor.shape, data };
  }
  return out;
}

function interleavedRows(data: readonly number[], rows: number, heads: number): number[] {
  const columns = data.length / rows, dim = rows / heads, out: number[] = [];
  for (let h = 0; h < heads; h++) {
    for (let k = 0; k < dim / 2; k++) {
      for (const row of [h * dim + k, h * dim + k + dim / 2]) {
        out.push(...data.slice(row * columns, (row + 1) * columns));
      }
    }
  }
  return out;
}

/** A checkpoint's configuration as GGUF's metadata. Scaled rotary embeddings of Llama 3 are a tensor there. */
export function ggufMetadata({ config }: Checkpoint): Record<string, GgufField> {
  const arch = config.model_type === "gemma3_text"
    ? "gemma3"
    : config.model_type === "mistral"
    ? "llama"
    : String(config.model_type);
  const out: Record<string, GgufField> = { "general.architecture": arch, "general.alignment": 32 };
  const put = (field: string, value: unknown) => {
    if (typeof value === "number") out[`${arch}.${field}`] = value;
  };
  put("embedding_length", config.hidden_size);
  put("feed_forward_length", config.intermediate_size);
  put("block_count", config.num_hidden_layers);
  put("attention.head_count", config.num_attention_heads);
  put("attention.head_count_kv", config.num_key_value_heads);
  put("attention.key_length", config.head_dim);
  put("attention.layer_norm_rms_epsilon", config.rms_norm_eps);
  put("attention.sliding_window", config.sliding_window);
  put("attn_logit_softcapping", config.attn_logit_softcapping);
  put("final_logit_softcapping", config.final_logit_softcapping);
  put("context_length", config.max_position_embeddings);
  put("rope.freq_base", config.rope_theta);
  out["tokenizer.ggml.model"] = "llama";
  out["tokenizer.ggml.tokens"] = Array.from({ length: Number(config.vocab_size) }, (_, k) => `<${k}>`);
  out["tokenizer.ggml.eos_token_id"] = 2;
  out["tokenizer.chat_template"] = "{{ messages }}";
  out["general.size"] = { u64: 7 };
  return out;
}
