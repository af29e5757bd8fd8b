/** Llama in float32, as plain loops over packed weights that are decoded one by one. It shares no code with the module. */
import type { WeightSource } from "../../../lib/models/weights/weight_source.ts";
import type { LLAMA_1B } from "./llama_1b.ts";

type Config = typeof LLAMA_1B;
type Vector = Float32Array<ArrayBuffer>;

/** Gives the logits after the last of some tokens. */
export async function llamaLogits(c: Config, source: WeightSource, ids: readonly number[]): Promise<Vector> {
  const w = new Weights(source), { hidden_size: hidden } = c;
  const embed = await w.matrix("model.embed_tokens", hidden);
  let states = ids.map((id) => embed.row(id));
  for (let k = 0; k < c.num_hidden_layers; k++) {
    const at = `model.layers.${k}`, norm = await w.vector(`${at}.input_layernorm.weight`);
    const qkv = await w.matrix(`${at}.self_attn.qkv_proj`, hidden);
    const o = await w.matrix(`${at}.self_attn.o_proj`, c.num_attention_heads * c.head_dim);
    const attended = attention(c, states.map((x) => qkv.times(normed(x, norm, c))));
    states = states.map((x, i) => sum(x, o.times(attended[i] as Vector)));
    const second = await w.vector(`${at}.post_attention_layernorm.weight`);
    const gateUp = await w.matrix(`${at}.mlp.gate_up_proj`, hidden);
    const down = await w.matrix(`${at}.mlp.down_proj`, c.intermediate_size);
    states = states.map((x) => {
      const both = gateUp.times(normed(x, second, c)), half = c.intermediate_size;
      const gated = both.slice(0, half).map((g, j) => g / (1 + Math.exp(-g)) * (both[half + j] as number));
      return sum(x, down.times(gated));
    });
  }
  return embed.times(normed(states.at(-1) as Vector, await w.vector("model.norm.weight"), c));
}

/** A matrix of integers of 4 bits, with a scale for each 32 of a row. */
class Packed {
  constructor(
    private readonly words: Uint32Array,
    private readonly scales: Vector,
    private readonly columns: number,
  ) {}

  row(i: number): Vector {
    return Float32Array.from({ length: this.columns }, (_, j) => {
      const at = i * this.columns + j, word = this.words[Math.floor(at / 8)] as number;
      return ((word >>> (at % 8 * 4)) % 16 - 7) * (this.scales[Math.floor(at / 32)] as number);
    });
  }

  times(x: Vector): Vector {
    const { words, scales, columns } = this, out = new Float32Array(words.length * 8 / columns);
    for (let i = 0; i < out.length; i++) {
      let total = 0;
      for (let j = 0; j < columns; j += 32) {
        let part = 0;
        for (let n = 0; n < 4; n++) {
          const word = words[(i * columns + j) / 8 + n] as number, at = j + 8 * n;
          for (let e = 0; e < 8; e++) part += ((word >>> (4 * e) & 15) - 7) * (x[at + e] as number);
        }
        total += part * (scales[(i * columns + j) / 32] as number);
      }
      out[i] = total;
    }
    return out;
  }
}

class Weights {
  constructor(private readonly source: WeightSource) {}

  async vector(name: string): Promise<Vector> {
    return Float32Array.from(await this.source.read(name));
  }

  async matrix(name: string, columns: number): Promise<Packed> {
    const words = await this.source.read(`${name}.q_weight`);
    return new Packed(words as Uint32Array, await this.vector(`${name}.q_scale`), columns);
  }
}

/** Causal attention of heads that share keys and values. */
function attention(c: Config, qkv: readonly Vector[]): readonly Vector[] {
  const dim = c.head_dim, { num_attention_heads: heads, num_key_value_heads: kvHeads } = c;
  const part = (i: number, head: number) => (qkv[i] as Vector).subarray(head * dim, (head + 1) * dim);
  const keys = qkv.map((_, i) => Array.from({ length: kvHeads }, (_, h) => turned(c, part(i, heads + h), i)));
  return qkv.map((_, i) => {
    const out = new Float32Array(heads * dim);
    for (let h = 0; h < heads; h++) {
      const q = turned(c, part(i, h), i), group = Math.floor(h * kvHeads / heads);
      const weights = Array.from({ length: i + 1 }, (_, j) => {
        const key = keys[j]?.[group] as Vector;
        return Math.exp(q.reduce((n, x, d) => n + x * (key[d] as number), 0) / Math.sqrt(dim));
      });
      const all = weights.reduce((a, b) => a + b, 0);
      weights.forEach((weight, j) =>
        part(j, heads + kvHeads + group).forEach((x, d) => out[h * dim + d]! += weight / all * x)
      );
    }
    return out;
  });
}

/** A head at a position, turned with Llama 3's frequencies. */
function turned(c: Config, x: Vector, position: number): Vector {
  const half = c.head_dim / 2, s = c.rope_scaling, out = x.slice();
  for (let k = 0; k < half; k++) {
    const plain = c.rope_theta ** (-k / half),
      turns = s.original_max_position_embeddings * plain / (2 * Math.PI);
    const between = (turns - s.low_freq_factor) / (s.high_freq_factor - s.low_freq_factor);
    const share = Math.min(1, Math.max(0, between));
    const angle = position * plain * (share + (1 - share) / s.factor);
    const a = x[k] as number, b = x[k + half] as number;
    out[k] = a * Math.cos(angle) - b * Math.sin(angle);
    out[k + half] = b * Math.cos(angle) + a * Math.sin(angle);
  }
  return out;
}

function normed(x: Vector, weight: Vector, { rms_norm_eps: eps }: Config): Vector {
  const scale = 1 / Math.sqrt(x.reduce((n, v) => n + v * v, 0) / x.length + eps);
  return x.map((v, k) => v * scale * (weight[k] as number));
}

function sum(a: Vector, b: Vector): Vector {
  return a.map((x, k) => x + (b[k] as number));
}
