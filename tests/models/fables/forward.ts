/**
 * The fables' folder read and run by plain loops, independently of the module: MLC's q4f16_1 by its description, and
 * Llama's architecture in float64.
 */

/** A tensor of tensor-cache.json. */
export interface TensorRecord {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly nbytes: number;
  readonly byteOffset: number;
}
interface Shape {
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
  readonly head_dim: number;
  readonly vocab_size: number;
  readonly rms_norm_eps: number;
  readonly position_embedding_base: number;
}
/** A matrix, row by row, and a vector. */
type Vector = Float64Array;
type Matrix = readonly Vector[];

/** The weights of a folder, dequantized. */
export interface Weights {
  readonly shape: Shape;
  readonly matrix: (name: string) => Matrix;
  readonly vector: (name: string) => Vector;
}

/** Reads the weights of a folder that has one shard. */
export function readWeights(folder: URL): Weights {
  const json = (file: string) => JSON.parse(Deno.readTextFileSync(new URL(file, folder)));
  const records: readonly TensorRecord[] = json("tensor-cache.json").records[0].records;
  const { buffer } = Deno.readFileSync(new URL("params_shard_0.bin", folder));
  const find = (name: string) => {
    const record = records.find((r) => r.name === name);
    if (!record) throw new Error(`expected tensor ${name}`);
    return record;
  };
  const halves = (name: string) => {
    const { byteOffset, nbytes, shape } = find(name);
    return { shape, values: new Float16Array(buffer.slice(byteOffset, byteOffset + nbytes)) };
  };
  const matrix = (name: string): Matrix => {
    const { byteOffset, nbytes, shape: [rows = 0, words = 0] } = find(`${name}.q_weight`);
    const packed = new Uint32Array(buffer.slice(byteOffset, byteOffset + nbytes));
    const scale = halves(`${name}.q_scale`), groups = scale.shape[1] as number;
    return Array.from({ length: rows }, (_, i) =>
      Float64Array.from({ length: words * 8 }, (_, k) => {
        const word = packed[i * words + Math.floor(k / 8)] as number;
        const nibble = Math.floor(word / 16 ** (k % 8)) % 16;
        return (nibble - 7) * (scale.values[i * groups + Math.floor(k / 32)] as number);
      }));
  };
  const vector = (name: string) => Float64Array.from(halves(name).values);
  return { shape: json("mlc-chat-config.json").model_config, matrix, vector };
}

/** Makes a function that takes the next token of a text and gives the logits after it. */
export function decoder({ shape, matrix, vector }: Weights): (token: number) => Vector {
  const { num_attention_heads: heads, num_key_value_heads: kv, head_dim: dim, rms_norm_eps: eps } = shape;
  const embedding = matrix("model.embed_tokens"), last = vector("model.norm.weight");
  const layers = Array.from({ length: shape.num_hidden_layers }, (_, i) => {
    const at = `model.layers.${i}`;
    return {
      qkv: matrix(`${at}.self_attn.qkv_proj`),
      out: matrix(`${at}.self_attn.o_proj`),
      gateUp: matrix(`${at}.mlp.gate_up_proj`),
      down: matrix(`${at}.mlp.down_proj`),
      norm1: vector(`${at}.input_layernorm.weight`),
      norm2: vector(`${at}.post_attention_layernorm.weight`),
      keys: [] as Vector[],
      values: [] as Vector[],
    };
  });
  let position = 0;
  return (token) => {
    let x = (embedding[token] as Vector).slice();
    for (const { qkv, out, gateUp, down, norm1, norm2, keys, values } of layers) {
      const all = product(qkv, normed(x, norm1, eps)), theta = shape.position_embedding_base;
      for (let h = 0; h < heads + kv; h++) rotate(all.subarray(h * dim, (h + 1) * dim), position, theta);
      keys.push(all.slice(heads * dim, (heads + kv) * dim));
      values.push(all.slice((heads + kv) * dim));
      const attended = new Float64Array(heads * dim);
      for (let h = 0; h < heads; h++) {
        const from = Math.floor(h / (heads / kv)) * dim, query = all.subarray(h * dim, (h + 1) * dim);
        const part = attend(query, keys.map((k) => k.subarray(from)), values.map((v) => v.subarray(from)));
        attended.set(part, h * dim);
      }
      x = sum(x, product(out, attended));
      const both = product(gateUp, normed(x, norm2, eps)), inner = shape.intermediate_size;
      const gated = both.slice(0, inner).map((g, k) => g / (1 + Math.exp(-g)) * (both[inner + k] as number));
      x = sum(x, product(down, gated));
    }
    position++;
    return product(embedding, normed(x, last, eps));
  };
}

function product(w: Matrix, x: Vector): Vector {
  return Float64Array.from(w, (row) => dot(row, x, x.length));
}

function dot(a: Vector, b: Vector, length: number): number {
  let s = 0;
  for (let k = 0; k < length; k++) s += (a[k] as number) * (b[k] as number);
  return s;
}

function sum(a: Vector, b: Vector): Vector {
  return a.map((v, k) => v + (b[k] as number));
}

function normed(x: Vector, weight: Vector, eps: number): Vector {
  const scale = 1 / Math.sqrt(dot(x, x, x.length) / x.length + eps);
  return x.map((v, k) => v * scale * (weight[k] as number));
}

/** Rotates element k of the first half with element k of the second. */
function rotate(head: Vector, position: number, theta: number): void {
  const half = head.length / 2;
  for (let k = 0; k < half; k++) {
    const angle = position * theta ** (-k / half), a = head[k] as number, b = head[k + half] as number;
    head[k] = a * Math.cos(angle) - b * Math.sin(angle);
    head[k + half] = b * Math.cos(angle) + a * Math.sin(angle);
  }
}

function attend(query: Vector, keys: Matrix, values: Matrix): Vector {
  const scores = keys.map((key) => dot(query, key, query.length) / Math.sqrt(query.length));
  const largest = Math.max(...scores), weights = scores.map((s) => Math.exp(s - largest));
  const total = weights.reduce((a, b) => a + b, 0), out = new Float64Array(query.length);
  values.forEach((value, t) => {
    for (let k = 0; k < out.length; k++) {
      out[k] = (out[k] as number) + (weights[t] as number) / total * (value[k] as number);
    }
  });
  return out;
}
