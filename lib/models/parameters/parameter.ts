/** The parameters of a language model as its graphs take them, whatever names and parts they have in files. */
import type { ModelConfig } from "../config/model_config.ts";
import { layerNames, rootNames } from "./tensor_names.ts";
import { GROUP, type Quantization, QUANTIZATIONS, wordsOf } from "./quantization.ts";

/** A parameter: a matrix, whose rows are outputs and which may be quantized, or a vector. */
export interface Parameter {
  /**
   * Its name: `embed`, `norm`, `head`, and of layer 0 `layers.0.input_norm`, `.qkv`, `.q_norm`, `.k_norm`, `.o`,
   * `.post_attention_norm`, `.mlp_norm`, `.gate_up`, `.down` and `.post_mlp_norm`, with `.weight` or `.bias` after it.
   */
  readonly name: string;
  /** What it is. */
  readonly kind: "matrix" | "norm" | "bias";
  /** Its extents: [rows, columns], or [elements]. */
  readonly shape: readonly number[];
  /** Rows of the tensors that it is made of, where files have them one by one: queries, keys and values, for example. */
  readonly parts: readonly number[];
  /** Names that its tensors may have in files, without `.weight` or `.bias`: one for all rows, or one per part. */
  readonly tensors: readonly (readonly string[])[];
}

/** An array of a parameter. */
export interface ParameterArray {
  /** Its name: that of the parameter, or with `.q_weight` or `.q_scale` in place of `.weight` where it is quantized. */
  readonly name: string;
  /** The dtype of its elements. */
  readonly dtype: "f32" | "f16" | "u32";
  /** Its extents. */
  readonly shape: readonly number[];
}

/** Lists the parameters of a model, in the order in which a token meets them. */
export function parametersOf(config: ModelConfig): readonly Parameter[] {
  const { hiddenSize, vocabularySize, layers, tiedEmbeddings } = config;
  const root = (
    name: "embed" | "norm" | "head",
    kind: Parameter["kind"],
    shape: readonly number[],
  ): Parameter => ({
    name: `${name}.weight`,
    kind,
    shape,
    parts: shape.slice(0, 1),
    tensors: rootNames(name).map((n) => [n]),
  });
  return [
    root("embed", "matrix", [vocabularySize, hiddenSize]),
    ...Array.from({ length: layers }, (_, layer) => layerParameters(config, layer)).flat(),
    root("norm", "norm", [hiddenSize]),
    ...(tiedEmbeddings ? [] : [root("head", "matrix", [vocabularySize, hiddenSize])]),
  ];
}

function layerParameters(config: ModelConfig, layer: number): readonly Parameter[] {
  const { hiddenSize, heads, kvHeads, headDim, intermediateSize, postNorms } = config;
  const rows = [heads * headDim, kvHeads * headDim, kvHeads * headDim];
  const all = rows.reduce((a, b) => a + b, 0);
  const part = (
    name: Parameters<typeof layerNames>[0],
    kind: Parameter["kind"],
    shape: readonly number[],
    parts = shape.slice(0, 1),
  ): Parameter => ({
    name: `layers.${layer}.${name}.${kind === "bias" ? "bias" : "weight"}`,
    kind,
    shape,
    parts,
    tensors: layerNames(name, layer, postNorms),
  });
  return [
    part("input_norm", "norm", [hiddenSize]),
    part("qkv", "matrix", [all, hiddenSize], rows),
    ...(config.attentionBias ? [part("qkv", "bias", [all], rows)] : []),
    ...(config.queryKeyNorm ? [part("q_norm", "norm", [headDim]), part("k_norm", "norm", [headDim])] : []),
    part("o", "matrix", [hiddenSize, heads * headDim]),
    ...(config.outputBias ? [part("o", "bias", [hiddenSize])] : []),
    ...(postNorms ? [part("post_attention_norm", "norm", [hiddenSize])] : []),
    part("mlp_norm", "norm", [hiddenSize]),
    part("gate_up", "matrix", [2 * intermediateSize, hiddenSize], [intermediateSize, intermediateSize]),
    part("down", "matrix", [hiddenSize, intermediateSize]),
    ...(postNorms ? [part("post_mlp_norm", "norm", [hiddenSize])] : []),
  ];
}

/**
 * Lists the arrays of a parameter.
 *
 * @param dtype the dtype of floats. Default: that of the quantization
 */
export function arraysOf(
  { name, kind, shape }: Parameter,
  quantization: Quantization,
  dtype: "f16" | "f32" = QUANTIZATIONS[quantization].dtype,
): readonly ParameterArray[] {
  const { bits } = QUANTIZATIONS[quantization];
  if (bits === 0 || kind !== "matrix") return [{ name, dtype, shape }];
  const [rows = 0, columns = 0] = shape;
  return [
    { name: quantizedName(name, "q_weight"), dtype: "u32", shape: [rows, wordsOf(columns, bits)] },
    { name: quantizedName(name, "q_scale"), dtype, shape: [rows, Math.ceil(columns / GROUP)] },
  ];
}

/** The name of a quantized matrix's array. */
export function quantizedName(name: string, array: "q_weight" | "q_scale"): string {
  return name.replace(/weight$/, array);
}
