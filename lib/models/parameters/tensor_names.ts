/** The names of tensors in files: Hugging Face's, MLC's, and GGUF's, from the most usual one on. */

const ROOTS = {
  embed: [
    "model.embed_tokens",
    "language_model.model.embed_tokens",
    "model.language_model.embed_tokens",
    "transformer.embd",
    "token_embd",
  ],
  norm: [
    "model.norm",
    "language_model.model.norm",
    "model.language_model.norm",
    "transformer.norm",
    "output_norm",
  ],
  head: ["lm_head", "language_model.lm_head", "output"],
} as const;

/** What comes before the number of a layer. */
const LAYERS = [
  "model.layers",
  "language_model.model.layers",
  "model.language_model.layers",
  "transformer.h",
  "blk",
] as const;

/** What comes after it: one tensor, or the parts of one. */
const PARTS = {
  input_norm: [["input_layernorm"], ["ln"], ["attn_norm"]],
  qkv: [
    ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
    ["self_attn.qkv_proj"],
    ["self_attn.c_attn"],
    ["mixer.qkv_proj"],
    ["attn_q", "attn_k", "attn_v"],
    ["attn_qkv"],
  ],
  q_norm: [["self_attn.q_norm"], ["attn_q_norm"]],
  k_norm: [["self_attn.k_norm"], ["attn_k_norm"]],
  o: [["self_attn.o_proj"], ["mixer.out_proj"], ["attn_output"]],
  post_attention_norm: [["post_attention_layernorm"], ["post_attention_norm"]],
  mlp_norm: [["post_attention_layernorm"], ["ffn_norm"]],
  gate_up: [["mlp.gate_proj", "mlp.up_proj"], ["mlp.gate_up_proj"], ["ffn_gate", "ffn_up"], ["ffn_up"]],
  down: [["mlp.down_proj"], ["ffn_down"]],
  post_mlp_norm: [["post_feedforward_layernorm"], ["post_ffw_norm"]],
} as const satisfies Readonly<Record<string, readonly (readonly string[])[]>>;

/** The norm before the feed-forward part, where there is another one after attention. */
const MLP_NORM_OF_TWO = [["pre_feedforward_layernorm"], ["ffn_norm"]] as const;

/** Names that a tensor outside of layers may have. */
export function rootNames(name: keyof typeof ROOTS): readonly string[] {
  return ROOTS[name];
}

/** Names that the tensors of a layer's parameter may have. */
export function layerNames(
  name: keyof typeof PARTS,
  layer: number,
  postNorms: boolean,
): readonly (readonly string[])[] {
  const parts = name === "mlp_norm" && postNorms ? MLP_NORM_OF_TWO : PARTS[name];
  return LAYERS.flatMap((at) => parts.map((all) => all.map((part) => `${at}.${layer}.${part}`)));
}
