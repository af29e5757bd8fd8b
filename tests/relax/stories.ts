/** The Llama of stories260k as a graph: a whole prompt at once, without a cache. Its weights are data, not code. */
import { type BlockBuilder, graph } from "../../lib/relax/builder.ts";
import type { Graph } from "../../lib/relax/graph.ts";
import type { Value } from "../../lib/relax/value.ts";
import type { Find } from "../data.ts";

const HIDDEN = 64, WIDE = 172, LAYERS = 5, HEADS = 8, KV_HEADS = 4, HEAD = 8, VOCABULARY = 512;
const KV = KV_HEADS * HEAD;

/** Logits [n, vocabulary] of n tokens. Queries, keys and values are one product, and so are gate and up. */
export function storiesGraph(): Graph {
  return graph("stories", (b) => {
    const ids = b.input("ids", ["n"], "i32", { below: VOCABULARY });
    const positions = b.input("positions", ["n"], "i32", { below: 512 });
    const table = b.weight("embed_tokens", [VOCABULARY, HIDDEN]);
    let x = b.embedding(table, ids);
    for (let k = 0; k < LAYERS; k++) x = layer(b, x, positions, k);
    return { logits: b.linear(b.rmsNorm(x, b.weight("norm", [HIDDEN])), table) };
  });
}

function layer(b: BlockBuilder, x: Value, positions: Value, k: number): Value {
  const weight = (name: string, ...shape: readonly number[]) => b.weight(`l${k}_${name}`, shape);
  const h = b.rmsNorm(x, weight("input_norm", HIDDEN));
  const qkv = b.linear(h, weight("qkv", HIDDEN + 2 * KV, HIDDEN));
  const { q, k: keys, v } = b.rope(qkv, positions, { heads: HEADS, kvHeads: KV_HEADS });
  const o = b.reshape(b.attention(q, keys, v), ["n", HIDDEN]);
  const after = b.add(x, b.linear(o, weight("o", HIDDEN, HIDDEN)));
  const mlp = b.linear(b.rmsNorm(after, weight("post_norm", HIDDEN)), weight("gate_up", 2 * WIDE, HIDDEN));
  const gated = b.gated(mlp, { activation: "silu" });
  return b.add(after, b.linear(gated, weight("down", HIDDEN, WIDE)));
}

/** The weights in the graph's names, from the safetensors file of the data. */
export async function storiesWeights(find: Find): Promise<Record<string, Float32Array<ArrayBuffer>>> {
  const bytes = await Deno.readFile(find("stories260k", "model.safetensors"));
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  const of = (name: string): Float32Array<ArrayBuffer> => {
    const [begin, end] = header[`model.${name}.weight`].data_offsets as [number, number];
    return new Float32Array(bytes.slice(8 + length + begin, 8 + length + end).buffer);
  };
  const rows = (...parts: readonly Float32Array[]) => new Float32Array(parts.flatMap((p) => [...p]));
  const layers = Array.from({ length: LAYERS }, (_, k) => {
    const at = (name: string) => of(`layers.${k}.${name}`);
    return {
      [`l${k}_input_norm`]: at("input_layernorm"),
      [`l${k}_qkv`]: rows(at("self_attn.q_proj"), at("self_attn.k_proj"), at("self_attn.v_proj")),
      [`l${k}_o`]: at("self_attn.o_proj"),
      [`l${k}_post_norm`]: at("post_attention_layernorm"),
      [`l${k}_gate_up`]: rows(at("mlp.gate_proj"), at("mlp.up_proj")),
      [`l${k}_down`]: at("mlp.down_proj"),
    };
  });
  return Object.assign({ embed_tokens: of("embed_tokens"), norm: of("norm") }, ...layers);
}
