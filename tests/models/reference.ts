/**
 * Language models in float64, as plain loops over config.json and tensors as Hugging Face stores them. It shares no code
 * with the module: sources are the papers and the published models' definitions.
 */

/** A tensor by rows. */
export interface ReferenceTensor {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** The fields of config.json, as they are in the file. */
export type ConfigJson = Readonly<Record<string, unknown>>;

/** A checkpoint: what a folder holds. */
export interface Checkpoint {
  readonly config: ConfigJson;
  readonly tensors: Readonly<Record<string, ReferenceTensor>>;
}

type Vector = Float64Array<ArrayBuffer>;

/** The options of {@linkcode referenceLogits}. */
export interface ReferenceOptions {
  /** The longest text that is planned for, which chooses LongRoPE's list. Default: max_position_embeddings. */
  readonly context?: number;
}

/** Gives the logits after each token: [tokens][vocabulary]. */
export function referenceLogits(
  { config, tensors }: Checkpoint,
  ids: readonly number[],
  options: ReferenceOptions = {},
): readonly Vector[] {
  const c = new Numbers(config), type = String(config.model_type), gemma = type.startsWith("gemma");
  const hidden = c.need("hidden_size"), layers = c.need("num_hidden_layers");
  const weight = (name: string): ReferenceTensor => {
    const found = tensors[name];
    if (!found) throw new Error(`no tensor ${name}`);
    return found;
  };
  const norm = (x: Vector, name: string): Vector =>
    rmsNorm(x, weight(name), c.need("rms_norm_eps"), gemma ? 1 : 0);
  const table = weight("model.embed_tokens.weight");
  let states = ids.map((id) =>
    Float64Array.from(
      { length: hidden },
      (_, k) => (table.data[id * hidden + k] as number) * (gemma ? Math.sqrt(hidden) : 1),
    )
  );
  for (let layer = 0; layer < layers; layer++) {
    const at = `model.layers.${layer}.`;
    const attended = attention(
      states.map((x) => norm(x, `${at}input_layernorm.weight`)),
      { config, tensors, at, layer, context: options.context ?? c.need("max_position_embeddings") },
    );
    const post = type === "gemma2" || type === "gemma3_text";
    states = states.map((x, i) => {
      const a = attended[i] as Vector;
      return sum(x, post ? norm(a, `${at}post_attention_layernorm.weight`) : a);
    });
    states = states.map((x) => {
      const before = post ? "pre_feedforward_layernorm" : "post_attention_layernorm";
      const y = feedForward(norm(x, `${at}${before}.weight`), config, tensors, at);
      return sum(x, post ? norm(y, `${at}post_feedforward_layernorm.weight`) : y);
    });
  }
  const tied = config.tie_word_embeddings ?? gemma;
  const head = tied ? table : weight("lm_head.weight"), cap = c.maybe("final_logit_softcapping");
  return states.map((x) => {
    const logits = product(head, norm(x, "model.norm.weight"));
    return cap === undefined ? logits : logits.map((l) => cap * Math.tanh(l / cap));
  });
}

/** Reads numbers of a configuration. */
class Numbers {
  constructor(private readonly config: ConfigJson) {}
  maybe(name: string): number | undefined {
    const value = this.config[name];
    return typeof value === "number" ? value : undefined;
  }
  need(name: string): number {
    const value = this.maybe(name);
    if (value === undefined) throw new Error(`no ${name} in the configuration`);
    return value;
  }
}

interface At {
  readonly config: ConfigJson;
  readonly tensors: Checkpoint["tensors"];
  readonly at: string;
  readonly layer: number;
  readonly context: number;
}

function attention(
  states: readonly Vector[],
  { config, tensors, at, layer, context }: At,
): readonly Vector[] {
  const c = new Numbers(config), type = String(config.model_type);
  const heads = c.need("num_attention_heads"), kvHeads = c.maybe("num_key_value_heads") ?? heads;
  const dim = c.maybe("head_dim") ?? c.need("hidden_size") / heads;
  const slides = window(config, layer), cap = c.maybe("attn_logit_softcapping");
  const scale = (c.maybe("query_pre_attn_scalar") ?? dim) ** -0.5;
  const waves = frequencies(config, dim, slides !== undefined, context);
  const [q, k, v] = projections(states, tensors, at, [heads * dim, kvHeads * dim, kvHeads * dim]);
  const normed = (x: Vector, name: string): Vector => {
    const w = tensors[`${at}self_attn.${name}.weight`];
    return w ? rmsNorm(x, w, c.need("rms_norm_eps"), type.startsWith("gemma") ? 1 : 0) : x;
  };
  const out = tensors[`${at}self_attn.o_proj.weight`] as ReferenceTensor;
  const part = (list: readonly Vector[], i: number, head: number) =>
    (list[i] as Vector).subarray(head * dim, (head + 1) * dim);
  const keys = states.map((_, i) =>
    Array.from({ length: kvHeads }, (_, h) => rotated(normed(part(k, i, h), "k_norm"), i, waves))
  );
  return states.map((_, i) => {
    const all = new Float64Array(heads * dim);
    for (let h = 0; h < heads; h++) {
      const kv = Math.floor(h * kvHeads / heads);
      const query = rotated(normed(part(q, i, h), "q_norm"), i, waves);
      const first = slides === undefined ? 0 : Math.max(0, i - slides + 1);
      const scores: number[] = [];
      for (let j = first; j <= i; j++) {
        const s = dot(query, (keys[j] as readonly Vector[])[kv] as Vector) * scale;
        scores.push(cap === undefined ? s : cap * Math.tanh(s / cap));
      }
      const most = Math.max(...scores), exps = scores.map((s) => Math.exp(s - most));
      const total = exps.reduce((a, b) => a + b, 0);
      exps.forEach((e, n) => {
        const value = part(v, first + n, kv);
        for (let d = 0; d < dim; d++) {
          all[h * dim + d] = (all[h * dim + d] as number) + e / total * (value[d] as number);
        }
      });
    }
    const y = product(out, all), bias = tensors[`${at}self_attn.o_proj.bias`];
    return bias ? sum(y, Float64Array.from(bias.data)) : y;
  });
}

/** Queries, keys and values of all positions: of three products or, in Phi-3, of one. */
function projections(
  states: readonly Vector[],
  tensors: Checkpoint["tensors"],
  at: string,
  sizes: readonly [number, number, number],
): readonly [readonly Vector[], readonly Vector[], readonly Vector[]] {
  const fused = tensors[`${at}self_attn.qkv_proj.weight`];
  if (fused) {
    const all = states.map((x) => product(fused, x)), [nq, nk] = sizes;
    return [
      all.map((y) => y.slice(0, nq)),
      all.map((y) => y.slice(nq, nq + nk)),
      all.map((y) => y.slice(nq + nk)),
    ];
  }
  const one = (name: string) => {
    const w = tensors[`${at}self_attn.${name}.weight`] as ReferenceTensor;
    const bias = tensors[`${at}self_attn.${name}.bias`];
    return states.map((x) => bias ? sum(product(w, x), Float64Array.from(bias.data)) : product(w, x));
  };
  return [one("q_proj"), one("k_proj"), one("v_proj")];
}

function feedForward(x: Vector, config: ConfigJson, tensors: Checkpoint["tensors"], at: string): Vector {
  const fused = tensors[`${at}mlp.gate_up_proj.weight`];
  const half = new Numbers(config).need("intermediate_size");
  const both = fused ? product(fused, x) : undefined;
  const gate = both
    ? both.slice(0, half)
    : product(tensors[`${at}mlp.gate_proj.weight`] as ReferenceTensor, x);
  const up = both ? both.slice(half) : product(tensors[`${at}mlp.up_proj.weight`] as ReferenceTensor, x);
  const gelu = String(config.model_type).startsWith("gemma");
  const active = gate.map((g) =>
    gelu
      ? 0.5 * g * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (g + 0.044715 * g ** 3)))
      : g / (1 + Math.exp(-g))
  );
  return product(
    tensors[`${at}mlp.down_proj.weight`] as ReferenceTensor,
    active.map((a, k) => a * (up[k] as number)),
  );
}

/** The window of a layer, itself included; undefined where it sees all positions before. */
function window(config: ConfigJson, layer: number): number | undefined {
  const c = new Numbers(config), size = c.maybe("sliding_window");
  if (size === undefined) return undefined;
  const types = config.layer_types as readonly string[] | undefined;
  if (types) return types[layer] === "sliding_attention" ? size : undefined;
  switch (config.model_type) {
    case "mistral":
    case "phi3":
      return size;
    case "qwen2":
    case "qwen3":
      return config.use_sliding_window === true && layer >= c.need("max_window_layers") ? size : undefined;
    case "gemma2":
      return layer % 2 === 0 ? size : undefined;
    case "gemma3_text":
      return (layer + 1) % (c.maybe("sliding_window_pattern") ?? 6) === 0 ? undefined : size;
    default:
      return undefined;
  }
}

interface Waves {
  /** Radians per position of each pair. */
  readonly radians: readonly number[];
  readonly magnitude: number;
}

function frequencies(config: ConfigJson, headDim: number, sliding: boolean, context: number): Waves {
  const c = new Numbers(config), local = c.maybe("rope_local_base_freq");
  const dim = Math.floor(headDim * (c.maybe("partial_rotary_factor") ?? 1));
  const base = sliding && local !== undefined ? local : c.maybe("rope_theta") ?? 10000;
  const plain = Array.from({ length: dim / 2 }, (_, k) => 1 / base ** (2 * k / dim));
  const json = config.rope_scaling as ConfigJson | null | undefined;
  if (!json || (sliding && local !== undefined)) return { radians: plain, magnitude: 1 };
  const s = new Numbers(json),
    original = s.maybe("original_max_position_embeddings") ??
      c.maybe("original_max_position_embeddings") ?? c.need("max_position_embeddings");
  switch (json.rope_type ?? json.type) {
    case "linear":
      return { radians: plain.map((f) => f / s.need("factor")), magnitude: 1 };
    case "llama3": {
      const low = s.need("low_freq_factor"), high = s.need("high_freq_factor"), factor = s.need("factor");
      const radians = plain.map((f) => {
        const length = 2 * Math.PI / f;
        if (length < original / high) return f;
        if (length > original / low) return f / factor;
        const smooth = (original / length - low) / (high - low);
        return (1 - smooth) * f / factor + smooth * f;
      });
      return { radians, magnitude: 1 };
    }
    case "yarn": {
      const factor = s.need("factor");
      const correction = (rotations: number) =>
        dim * Math.log(original / (rotations * 2 * Math.PI)) / (2 * Math.log(base));
      const low = Math.max(Math.floor(correction(s.maybe("beta_fast") ?? 32)), 0);
      const high = Math.min(Math.ceil(correction(s.maybe("beta_slow") ?? 1)), dim - 1);
      const radians = plain.map((f, k) => {
        const ramp = Math.min(1, Math.max(0, (k - low) / (high === low ? 0.001 : high - low)));
        return f / factor * ramp + f * (1 - ramp);
      });
      return { radians, magnitude: 0.1 * Math.log(factor) + 1 };
    }
    case "longrope": {
      const list = json[context > original ? "long_factor" : "short_factor"] as readonly number[];
      const factor = c.need("max_position_embeddings") / original;
      return {
        radians: plain.map((f, k) => f / (list[k] as number)),
        magnitude: factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original)),
      };
    }
    default:
      throw new Error(`no rope type ${json.rope_type}`);
  }
}

/** Rotates pairs (k, k + half) of the first elements of a head; the others stay. */
function rotated(x: Vector, position: number, { radians, magnitude }: Waves): Vector {
  const out = x.slice(), half = radians.length;
  for (let k = 0; k < half; k++) {
    const angle = position * (radians[k] as number), a = x[k] as number, b = x[k + half] as number;
    out[k] = (a * Math.cos(angle) - b * Math.sin(angle)) * magnitude;
    out[k + half] = (b * Math.cos(angle) + a * Math.sin(angle)) * magnitude;
  }
  return out;
}

function rmsNorm(x: Vector, weight: ReferenceTensor, eps: number, offset: number): Vector {
  const scale = 1 / Math.sqrt(dot(x, x) / x.length + eps);
  return Float64Array.from(x, (v, k) => v * scale * (offset + (weight.data[k] as number)));
}

/** W·x of W[rows, columns]. */
function product({ shape, data }: ReferenceTensor, x: Vector): Vector {
  const [rows = 0, columns = 0] = shape;
  if (columns !== x.length) throw new Error(`a product of [${shape}] with ${x.length} elements`);
  const out = new Float64Array(rows);
  for (let r = 0; r < rows; r++) {
    let total = 0;
    for (let k = 0; k < columns; k++) total += (data[r * columns + k] as number) * (x[k] as number);
    out[r] = total;
  }
  return out;
}

function dot(a: Vector, b: Vector): number {
  let total = 0;
  for (let k = 0; k < a.length; k++) total += (a[k] as number) * (b[k] as number);
  return total;
}

function sum(a: Vector, b: Vector): Vector {
  return a.map((v, k) => v + (b[k] as number));
}
