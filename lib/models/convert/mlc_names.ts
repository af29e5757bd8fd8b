/** The names that MLC gives to parameters, by architecture. */
import type { ArchitectureName, ModelConfig } from "../config/model_config.ts";
import type { Parameter } from "../parameters/parameter.ts";

/** A tensor of a converted folder: its name without `.weight` or `.bias`, and its rows of the parameter. */
export interface MlcPart {
  /** The name. */
  readonly name: string;
  /** The first row, and the one after the last. */
  readonly rows: readonly [begin: number, end: number];
}

const LLAMA: Readonly<Record<string, string>> = {
  embed: "model.embed_tokens",
  norm: "model.norm",
  head: "lm_head",
  layers: "model.layers",
  input_norm: "input_layernorm",
  qkv: "self_attn.qkv_proj",
  q_norm: "self_attn.q_norm",
  k_norm: "self_attn.k_norm",
  o: "self_attn.o_proj",
  mlp_norm: "post_attention_layernorm",
  gate_up: "mlp.gate_up_proj",
  down: "mlp.down_proj",
};
const QWEN = { ...LLAMA, qkv: "self_attn.c_attn" };
const GEMMA2 = {
  ...LLAMA,
  post_attention_norm: "post_attention_layernorm",
  mlp_norm: "pre_feedforward_layernorm",
  post_mlp_norm: "post_feedforward_layernorm",
};

const NAMES: Readonly<Record<ArchitectureName, Readonly<Record<string, string>>>> = {
  llama: LLAMA,
  mistral: LLAMA,
  qwen2: QWEN,
  qwen3: QWEN,
  gemma: LLAMA,
  gemma2: GEMMA2,
  gemma3: {
    ...GEMMA2,
    embed: "language_model.model.embed_tokens",
    norm: "language_model.model.norm",
    head: "language_model.lm_head",
    layers: "language_model.model.layers",
  },
  phi3: {
    ...LLAMA,
    embed: "transformer.embd",
    norm: "transformer.norm",
    layers: "transformer.h",
    input_norm: "ln",
    qkv: "mixer.qkv_proj",
    o: "mixer.out_proj",
  },
};

/** Gives the tensors that a parameter is stored as: one, except that Gemma 3 has queries, keys and values one by one. */
export function mlcParts(
  { architecture }: ModelConfig,
  { name, shape, parts }: Parameter,
): readonly MlcPart[] {
  const names = NAMES[architecture], [first = "", layer, role] = name.split("."), rows = shape[0] ?? 0;
  const whole = role === undefined || layer === undefined || first !== "layers"
    ? names[first] as string
    : `${names.layers}.${layer}.${names[role]}`;
  if (architecture !== "gemma3" || role !== "qkv") return [{ name: whole, rows: [0, rows] }];
  let begin = 0;
  return ["q_proj", "k_proj", "v_proj"].map((part, k) => {
    const end = begin + (parts[k] ?? 0), rows = [begin, end] as const;
    begin = end;
    return { name: whole.replace("qkv_proj", part), rows };
  });
}
