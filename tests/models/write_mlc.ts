/** Writes folders as MLC converts them, for tests: fused, quantized, in shards. */
import { join } from "node:path";
import type { Checkpoint } from "./reference.ts";
import { bf16Bits, elementBytes } from "./write_safetensors.ts";

/** A tensor of a converted folder. */
export interface MlcTensor {
  readonly dtype: "float32" | "float16" | "uint32" | "bfloat16";
  /** Default: raw. */
  readonly format?: "raw" | "f32-to-bf16";
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

function bytesOf({ dtype, format, shape, data }: MlcTensor): Uint8Array {
  if (dtype === "bfloat16" || format === "f32-to-bf16") {
    return new Uint8Array(Uint16Array.from(data, bf16Bits).buffer);
  }
  const own = ({ float32: "F32", float16: "F16", uint32: "U32" } as const)[dtype];
  return elementBytes({ dtype: own, shape, data });
}

/** Writes shards of up to `most` bytes, and the list of them. */
export async function writeMlc(
  folder: string,
  tensors: Readonly<Record<string, MlcTensor>>,
  { list = "tensor-cache.json", most = 20_000 }: { readonly list?: string; readonly most?: number } = {},
): Promise<void> {
  const shards: { bytes: number[]; records: object[] }[] = [];
  for (const [name, tensor] of Object.entries(tensors)) {
    const own = bytesOf(tensor);
    if (shards.length === 0 || (shards.at(-1)?.bytes.length ?? 0) + own.length > most) {
      shards.push({ bytes: [], records: [] });
    }
    const shard = shards.at(-1) as (typeof shards)[number];
    const { dtype, shape, format = "raw" } = tensor;
    shard.records.push({ name, shape, dtype, format, nbytes: own.length, byteOffset: shard.bytes.length });
    for (const b of own) shard.bytes.push(b);
  }
  const records = [];
  for (const [k, { bytes, records: own }] of shards.entries()) {
    const dataPath = `params_shard_${k}.bin`;
    await Deno.writeFile(join(folder, dataPath), new Uint8Array(bytes));
    records.push({ dataPath, format: "raw-shard", nbytes: bytes.length, records: own, md5sum: "" });
  }
  await Deno.writeTextFile(join(folder, list), JSON.stringify({ metadata: { ParamSize: 1 }, records }));
}

/** A checkpoint as MLC's tensors of floats: fused and renamed, offsets of norms added. */
export function mlcTensors({ config, tensors }: Checkpoint): Record<string, MlcTensor> {
  const type = String(config.model_type),
    gemma = type.startsWith("gemma"),
    out: Record<string, MlcTensor> = {};
  const gemma3 = type === "gemma3_text", prefix = gemma3 ? "language_model." : "";
  const attention = type.startsWith("qwen") ? "c_attn" : "qkv_proj";
  const fused: Record<string, { rows: number; data: number[] }> = {};
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    const list = Array.from(data),
      own = gemma && /norm\.weight$/.test(name) ? list.map((x) => Math.fround(x + 1)) : list;
    const to = name.replace(/\.(gate|up)_proj/, ".gate_up_proj")
      .replace(/self_attn\.[qkv]_proj/, (q) => gemma3 ? q : `self_attn.${attention}`);
    const phi = type === "phi3"
      ? to.replace("model.layers", "transformer.h").replace(/model\.embed_tokens/, "transformer.embd")
        .replace("model.norm", "transformer.norm").replace("self_attn.o_proj", "mixer.out_proj")
        .replace("self_attn.qkv_proj", "mixer.qkv_proj").replace("input_layernorm", "ln")
      : to;
    const entry = fused[prefix + phi] ??= { rows: 0, data: [] };
    entry.rows += shape[0] ?? 0;
    entry.data.push(...own);
    const rest = shape.slice(1);
    out[prefix + phi] = { dtype: "float32", shape: [entry.rows, ...rest], data: entry.data };
  }
  return out;
}

/** mlc-chat-config.json of a checkpoint. */
export function mlcConfig({ config }: Checkpoint, quantization: string): Readonly<Record<string, unknown>> {
  const { model_type, rope_theta, max_position_embeddings, ...rest } = config;
  const renamed = {
    ...rest,
    position_embedding_base: rope_theta,
    context_window_size: max_position_embeddings,
  };
  const text = model_type === "gemma3_text";
  return {
    version: "0.1.0",
    model_type: text ? "gemma3_text" : model_type,
    quantization,
    model_config: text ? { text_config: renamed, vocab_size: config.vocab_size } : renamed,
    context_window_size: max_position_embeddings,
    sliding_window_size: -1,
    temperature: 0.6,
    top_p: 0.9,
    repetition_penalty: 1,
    conv_template: { name: "llama-3" },
    bos_token_id: 1,
    eos_token_id: [2, 5],
    tokenizer_files: ["tokenizer.json"],
  };
}
