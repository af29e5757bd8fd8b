import { checkOptions, type Fields } from "../../base/check_options.ts";
import { nearest } from "../../base/nearest.ts";
import { name } from "../../base/option_kinds.ts";
import { fieldsOf, readFields } from "../../base/read_json.ts";
import { shownValue } from "../../base/shown_value.ts";
import { ModelError } from "../error.ts";
import { type Architecture, ARCHITECTURE_NAMES, ARCHITECTURES } from "./architecture.ts";
import type { Activation, ArchitectureName, ModelConfig } from "./model_config.ts";
import { RAW_CONFIG, type RawConfig } from "./raw_config.ts";
import { readScaling, type Rope } from "./rope.ts";

/** The options of {@linkcode readConfig}. */
export interface ReadConfigOptions {
  /** The file that errors name. Default: config.json. */
  readonly file?: string;
}
const OPTIONS = { file: name } satisfies Fields<ReadConfigOptions>;

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads a language model's configuration: Hugging Face's config.json, or MLC's mlc-chat-config.json, parsed.
 *
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {ModelError} for an unknown architecture, a missing field, and values that no model has
 */
export function readConfig(json: unknown, options: ReadConfigOptions = {}): ModelConfig {
  checkOptions("readConfig", options, OPTIONS);
  const { file = "config.json" } = options;
  const outer = fieldsOf(json);
  if (!outer) {
    throw new ModelError(`expected an object of a model's fields, got ${shownValue(json)}, in ${file}`);
  }
  const all = flattened(outer), flat = withoutNulls(all) ?? {};
  const asked = readFields<RawConfig>(flat, RAW_CONFIG, (field, takes) => {
    throw new ModelError(`expected ${field} to be ${takes}, got ${shownValue(flat[field])}, in ${file}`);
  }) ?? {};
  const architecture = architectureOf(asked, file);
  // A null says that there is no value, so it has no default either.
  const defaults = Object.entries(ARCHITECTURES[architecture].defaults).filter(([key]) => all[key] !== null);
  return configOf(architecture, { ...Object.fromEntries(defaults), ...asked }, flat, file);
}

/** Merges the objects that the fields are in: those of MLC's `model_config` and Gemma's `text_config` are the model's. */
function flattened(outer: Json): Json {
  const inner = fieldsOf(outer.model_config);
  const named = inner ? { ...outer, ...renamed(inner) } : outer;
  const text = fieldsOf(named.text_config);
  return text ? { ...named, ...renamed(text), model_type: named.model_type } : named;
}

/** MLC's names of fields, and Hugging Face's. */
const MLC_NAMES: readonly (readonly [mlc: string, name: string])[] = [
  ["context_window_size", "max_position_embeddings"],
  ["position_embedding_base", "rope_theta"],
  ["sliding_window_size", "sliding_window"],
];

function renamed(fields: Json): Json {
  const named: Json = { ...fields, ...withoutNulls(fields.kwargs) };
  const added = MLC_NAMES.flatMap(([mlc, name]): readonly (readonly [string, unknown])[] => {
    const value = named[mlc];
    // MLC writes -1 or 0 for no value.
    return typeof value === "number" && value > 0 && (named[name] ?? null) === null ? [[name, value]] : [];
  });
  return { ...named, ...Object.fromEntries(added) };
}

function withoutNulls(x: unknown): Json | undefined {
  const own = fieldsOf(x);
  return own && Object.fromEntries(Object.entries(own).filter(([, value]) => value !== null));
}

function architectureOf({ model_type, architectures = [] }: RawConfig, file: string): ArchitectureName {
  const found = ARCHITECTURE_NAMES.find((a) =>
    model_type === undefined
      ? ARCHITECTURES[a].classes.some((c) => architectures.includes(c))
      : ARCHITECTURES[a].modelTypes.includes(model_type)
  );
  if (found) return found;
  const got = model_type ?? architectures[0];
  const types = ARCHITECTURE_NAMES.flatMap((a) => ARCHITECTURES[a].modelTypes);
  const near = got === undefined ? undefined : nearest(got, types);
  throw new ModelError(
    `expected model_type to be one of ${types.join(", ")}, got ${shownValue(got)}, in ${file}` +
      (near === undefined ? "" : `; the nearest is ${near}`),
  );
}

function configOf(architecture: ArchitectureName, raw: RawConfig, flat: Json, file: string): ModelConfig {
  const row = ARCHITECTURES[architecture];
  const need = (field: keyof RawConfig & string): number => {
    const value = raw[field];
    if (typeof value === "number") return value;
    throw new ModelError(`expected ${field}, got nothing, in ${file}`);
  };
  const hiddenSize = need("hidden_size"),
    heads = need("num_attention_heads"),
    layers = need("num_hidden_layers");
  const kvHeads = raw.num_key_value_heads ?? heads, headDim = raw.head_dim ?? Math.floor(hiddenSize / heads);
  const context = need("max_position_embeddings"), sliding = slidingOf(row, raw, layers, file);
  const asked = row.biases === "asked" && raw.attention_bias === true;
  const config: ModelConfig = {
    architecture,
    hiddenSize,
    layers,
    heads,
    kvHeads,
    headDim,
    intermediateSize: need("intermediate_size"),
    vocabularySize: need("vocab_size"),
    normEps: need("rms_norm_eps"),
    normOffset: row.normOffset,
    ...ropesOf(raw, flat, headDim, context, file),
    tiedEmbeddings: raw.tie_word_embeddings ?? false,
    ...sliding,
    attentionBias: row.biases === "qkv" || asked,
    outputBias: asked,
    queryKeyNorm: row.queryKeyNorm,
    postNorms: row.postNorms,
    ...(raw.attn_logit_softcapping ? { attentionSoftCap: raw.attn_logit_softcapping } : {}),
    ...(raw.final_logit_softcapping ? { finalSoftCap: raw.final_logit_softcapping } : {}),
    activation: row.activation ?? activationOf(raw, file),
    embeddingScale: row.scaledEmbedding ? Math.sqrt(hiddenSize) : 1,
    queryScale: 1 / Math.sqrt(raw.query_pre_attn_scalar ?? headDim),
    context,
    ...(raw.bos_token_id === undefined ? {} : { bosToken: raw.bos_token_id }),
    eosTokens: [raw.eos_token_id ?? []].flat(),
  };
  checkSizes(config, raw, file);
  return config;
}

function checkSizes(config: ModelConfig, raw: RawConfig, file: string): void {
  const { heads, kvHeads, headDim, hiddenSize, rope } = config;
  const refuse = (why: string) => {
    throw new ModelError(`${why}, in ${file}`);
  };
  if (heads % kvHeads !== 0) {
    refuse(`expected num_key_value_heads to divide ${heads} heads, got ${kvHeads}`);
  }
  if (raw.head_dim === undefined && headDim * heads !== hiddenSize) {
    refuse(`expected head_dim, or heads that divide hidden_size ${hiddenSize}, got ${heads} heads`);
  }
  if (headDim % 2 !== 0) refuse(`expected an even head_dim, got ${headDim}`);
  if (rope.dim > headDim || rope.dim < 2) {
    refuse(`expected partial_rotary_factor to leave 2 to ${headDim} elements of a head, got ${rope.dim}`);
  }
  if (raw.mlp_bias) refuse("expected mlp_bias to be false, which is all that is built here, got true");
}

function activationOf({ hidden_activation, hidden_act }: RawConfig, file: string): Activation {
  const given = hidden_activation ?? hidden_act ?? "silu";
  const known: Readonly<Record<string, Activation>> = {
    silu: "silu",
    swish: "silu",
    gelu: "gelu",
    gelu_new: "gelu_tanh",
    gelu_pytorch_tanh: "gelu_tanh",
  };
  const found = Object.hasOwn(known, given) ? known[given] : undefined;
  if (found) return found;
  throw new ModelError(
    `expected hidden_act to be one of ${Object.keys(known).join(", ")}, got ${shownValue(given)}, in ${file}`,
  );
}

/** Gives the window of the layers that slide, and which do. */
function slidingOf(
  row: Architecture,
  raw: RawConfig,
  layers: number,
  file: string,
): Pick<ModelConfig, "slidingWindow" | "slidingLayers"> {
  const none = { slidingLayers: Array<boolean>(layers).fill(false) };
  const window = raw.sliding_window;
  // MLC writes -1 for no window.
  if (window === undefined || window <= 0 || row.slides === "none") return none;
  if (row.slides === "above" && raw.use_sliding_window !== true) return none;
  if (!Number.isInteger(window)) {
    throw new ModelError(`expected sliding_window to be an integer, got ${window}, in ${file}`);
  }
  const slidingLayers = layersThatSlide(row, raw, layers, file);
  return slidingLayers.includes(true) ? { slidingWindow: window, slidingLayers } : none;
}

function layersThatSlide(
  row: Architecture,
  raw: RawConfig,
  layers: number,
  file: string,
): readonly boolean[] {
  const { layer_types: types, sliding_window_pattern: pattern = 6, max_window_layers: full = 0 } = raw;
  if (types) {
    const wrong = types.find((t) => t !== "sliding_attention" && t !== "full_attention");
    if (types.length === layers && wrong === undefined) return types.map((t) => t === "sliding_attention");
    throw new ModelError(
      `expected layer_types to be ${layers} of sliding_attention and full_attention, got ` +
        `${wrong === undefined ? types.length : shownValue(wrong)}, in ${file}`,
    );
  }
  const slides = (layer: number): boolean => {
    switch (row.slides) {
      case "none":
        return false;
      case "all":
        return true;
      case "alternate":
        return layer % 2 === 0;
      case "pattern":
        return (layer + 1) % pattern !== 0;
      case "above":
        return layer >= full;
      default:
        return row.slides satisfies never;
    }
  };
  return Array.from({ length: layers }, (_, layer) => slides(layer));
}

/** Reads the rotary embeddings, as `rope_theta` and `rope_scaling` or as the newer `rope_parameters`. */
function ropesOf(
  raw: RawConfig,
  flat: Json,
  headDim: number,
  context: number,
  file: string,
): Pick<ModelConfig, "rope" | "slidingRope"> {
  const dim = 2 * Math.floor(headDim * (raw.partial_rotary_factor ?? 1) / 2);
  const parameters = withoutNulls(flat.rope_parameters);
  const of = (theta: number | undefined, scaling: unknown): Rope => ({
    theta: thetaOf(scaling, file) ?? theta ?? 10_000,
    scaling: readScaling(scaling, {
      file,
      dim,
      context,
      originalContext: raw.original_max_position_embeddings,
    }),
    dim,
  });
  const full = withoutNulls(parameters?.full_attention), local = withoutNulls(parameters?.sliding_attention);
  // MLC writes 0 for no scaling.
  const older = flat.rope_scaling === 0 ? undefined : withoutNulls(flat.rope_scaling) ?? flat.rope_scaling;
  const rope = of(raw.rope_theta, full ?? parameters ?? older);
  if (raw.rope_local_base_freq === undefined) return { rope };
  return { rope, slidingRope: of(raw.rope_local_base_freq, local) };
}

function thetaOf(scaling: unknown, file: string): number | undefined {
  const theta = fieldsOf(scaling)?.rope_theta;
  if (theta === undefined || theta === null) return undefined;
  if (typeof theta === "number" && Number.isFinite(theta) && theta > 0) return theta;
  throw new ModelError(`expected rope_theta to be a number above 0, got ${shownValue(theta)}, in ${file}`);
}
