/** The kernels of whole models. */
import { checkArgument, checkOptions, type Fields } from "../base/check_options.ts";
import { integer, oneOf } from "../base/option_kinds.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Dim } from "../te/dimension.ts";
import type { Activation } from "./activation.ts";
import { addRmsNormProgram } from "./add_rms_norm.ts";
import { attentionProgram } from "./attention.ts";
import { conv2dProgram } from "./conv2d.ts";
import { embeddingProgram } from "./embedding.ts";
import { gatedProgram } from "./gated.ts";
import { gemvProgram } from "./gemv.ts";
import { globalAvgPool2dProgram } from "./global_avg_pool2d.ts";
import { matmulProgram } from "./matmul.ts";
import { maxPool2dProgram } from "./max_pool2d.ts";
import {
  LANGUAGE_MODELS,
  type LanguageModel,
  type LanguageModelName,
  MOBILENET_V2,
  RESNET18,
} from "./models.ts";
import { rmsNormProgram } from "./rms_norm.ts";
import { ropeProgram } from "./rope.ts";
import { type ImageLayout, imageLayout } from "./window.ts";

/** A kernel of a model. */
export interface SuiteKernel {
  /** The kernel's name, unique in its phase. */
  readonly name: string;
  /** `decode`: one token; `prefill`: a prompt of m tokens, m symbolic; `image`: one picture. */
  readonly phase: "decode" | "prefill" | "image";
  /** What the kernel computes. */
  readonly func: PrimFunc;
  /** The number of times that it runs in one pass of the model. */
  readonly count: number;
  /** Typical values of its shape variables. */
  readonly shapes: Readonly<Record<string, number>>;
}

/** MLC's names for a language model's weights: in 4 bits or as they are, beside numbers in f16 or f32. */
export const QUANTIZATIONS = ["q4f16_1", "q4f32_1", "q0f16", "q0f32"] as const;

/** One of {@linkcode QUANTIZATIONS}. */
export type Quantization = typeof QUANTIZATIONS[number];

/** The options of {@linkcode suite}. */
export interface SuiteOptions {
  /** The weights of a language model. Default: q4f16_1; a device that doesn't compute in f16 takes q4f32_1. */
  readonly quantization?: Quantization;
  /** The order of the images' dimensions in a vision model. Default: NHWC. */
  readonly layout?: ImageLayout;
  /** Divides widths and lengths, to try a model that is too large; rows stay whole groups of 32. Default: 1. */
  readonly shrink?: number;
}
const FIELDS = {
  quantization: oneOf(...QUANTIZATIONS),
  layout: imageLayout,
  shrink: integer({ min: 1 }),
} satisfies Fields<SuiteOptions>;
const { quantization, layout, shrink } = FIELDS;
/** A language model has no image layout, a vision model no quantization. */
const OPTIONS = { llm: { quantization, shrink }, vision: { layout, shrink } } as const;

const PROMPT = 128, CACHE = 1024;

/**
 * Lists the kernels of a language model (decode and prefill) or of a vision model (one image), as a compiler fuses
 * them: dequantization, bias, residual and activation are part of the kernel that they belong to.
 *
 * @param kind what the model reads: `llm` for text, `vision` for images
 * @param model its name, for example Llama-3.2-1B or resnet18; the error for an unknown one lists all
 * @throws {OptionError} for an unknown model, or an option that doesn't exist or can't have its value
 */
export function suite(
  kind: "llm" | "vision",
  model: string,
  options: SuiteOptions = {},
): readonly SuiteKernel[] {
  checkArgument("te.suite", "kind", kind, oneOf("llm", "vision"));
  const known = kind === "llm" ? Object.keys(LANGUAGE_MODELS) : Object.keys(VISION_MODELS);
  checkArgument("te.suite", `model ("${kind}")`, model, oneOf(...known));
  checkOptions(`te.suite("${kind}")`, options, OPTIONS[kind]);
  if (kind === "vision") return merged(VISION_MODELS[model as keyof typeof VISION_MODELS](options));
  const whole: LanguageModel = LANGUAGE_MODELS[model as LanguageModelName];
  const m = shrunk(whole, options.shrink ?? 1);
  return (["decode", "prefill"] as const).flatMap((phase) => languageModel(m, phase, options));
}

function shrunk(m: LanguageModel, by: number): LanguageModel {
  const part = (n: number) => Math.max(32, Math.round(n / by / 32) * 32);
  return by === 1 ? m : {
    ...m,
    hidden: part(m.hidden),
    intermediate: part(m.intermediate),
    vocabulary: part(m.vocabulary),
    headDim: Math.max(16, 2 * Math.round(m.headDim / by / 2)),
  };
}

function languageModel(
  m: LanguageModel,
  phase: "decode" | "prefill",
  { quantization = "q4f16_1", shrink = 1 }: SuiteOptions,
): readonly SuiteKernel[] {
  const dtype = quantization === "q4f16_1" || quantization === "q0f16" ? "f16" : "f32";
  const packed = quantization === "q4f16_1" || quantization === "q4f32_1";
  const weights = packed ? { weights: quantization, dtype } as const : { dtype } as const;
  const rows: Dim = phase === "decode" ? 1 : "m";
  const shapes: Readonly<Record<string, number>> = phase === "decode"
    ? {}
    : { m: Math.max(2, Math.round(PROMPT / shrink)) };
  const linear = (n: number, k: number, more: { readonly bias?: boolean; readonly out?: "f32" } = {}) =>
    phase === "decode"
      ? gemvProgram({ n, k, ...weights, ...more })
      : matmulProgram({ m: rows, n, k, transposeB: true, ...weights, ...more });
  const kernel = (
    name: string,
    func: PrimFunc,
    count: number = m.layers,
    given: Readonly<Record<string, number>> = shapes,
  ): SuiteKernel => ({ name, phase, func: func.with({ name }), count, shapes: given });
  const { hidden, intermediate, heads, kvHeads, headDim, vocabulary } = m;
  const length = Math.max(2 * Math.round(PROMPT / shrink), Math.round(CACHE / shrink));
  return [
    kernel("embed", embeddingProgram({ rows, vocabulary, columns: hidden, ...weights }), 1),
    kernel("rms_norm", rmsNormProgram({ rows, columns: hidden, dtype }), 1),
    kernel("qkv", linear((heads + 2 * kvHeads) * headDim, hidden, { bias: m.qkvBias })),
    kernel("rope", ropeProgram({ rows, heads, kvHeads, headDim, theta: m.theta, dtype })),
    kernel(
      "attention",
      attentionProgram({ queries: rows, length: "L", heads, kvHeads, headDim, dtype }),
      m.layers,
      { ...shapes, L: length },
    ),
    kernel("o", linear(hidden, heads * headDim)),
    kernel("add_rms_norm", addRmsNormProgram({ rows, columns: hidden, dtype }), 2 * m.layers),
    kernel("gate_up", linear(2 * intermediate, hidden)),
    kernel("gated", gatedProgram({ rows, columns: intermediate, activation: m.activation, dtype })),
    kernel("down", linear(hidden, intermediate)),
    // Only the logits of the last token are needed.
    kernel("lm_head", gemvProgram({ n: vocabulary, k: hidden, ...weights, out: "f32" }), 1, {}),
  ];
}

type Image = readonly SuiteKernel[];

const VISION_MODELS = { resnet18, mobilenet_v2: mobilenetV2 } as const;

/** The vision models that `te.suite` knows. */
export const VISION_MODEL_NAMES: readonly string[] = Object.keys(VISION_MODELS);

/** Collects the kernels of a network while it follows the image's size. */
class Network {
  readonly kernels: SuiteKernel[] = [];
  size: number;
  channels = 3;

  constructor(readonly options: SuiteOptions) {
    this.size = Math.max(32, Math.round(224 / (options.shrink ?? 1) / 32) * 32);
  }

  conv(
    filters: number,
    kernel: number,
    stride: number,
    more: { readonly groups?: number; readonly activation?: Activation; readonly residual?: boolean } = {},
  ): void {
    const { size, channels } = this;
    const padding = Math.floor(kernel / 2);
    const kind = more.groups === undefined ? `conv${kernel}x${kernel}` : `depthwise${kernel}x${kernel}`;
    const options = {
      height: size,
      width: size,
      channels,
      filters,
      kernel,
      stride,
      padding,
      bias: true,
      ...more,
    };
    this.#add(kind, conv2dProgram({ ...options, layout: this.options.layout ?? "NHWC" }));
    this.size = Math.floor((size + 2 * padding - kernel) / stride) + 1;
    this.channels = filters;
  }

  maxPool(): void {
    const { size, channels } = this;
    const layout = this.options.layout ?? "NHWC";
    this.#add(
      "max_pool",
      maxPool2dProgram({ height: size, width: size, channels, kernel: 3, stride: 2, padding: 1, layout }),
    );
    this.size = Math.floor((size - 1) / 2) + 1;
  }

  head(classes: number): readonly SuiteKernel[] {
    const { size, channels } = this;
    const layout = this.options.layout ?? "NHWC";
    this.#add("avg_pool", globalAvgPool2dProgram({ channels, height: size, width: size, layout }));
    this.#add("classify", gemvProgram({ n: classes, k: channels, bias: true }));
    return this.kernels;
  }

  #add(name: string, func: PrimFunc): void {
    this.kernels.push({ name, phase: "image", func: func.with({ name }), count: 1, shapes: {} });
  }
}

/** ResNet-18 (He et al., 2016); batch norms are folded into the convolutions before them. */
function resnet18(options: SuiteOptions): Image {
  const net = new Network(options);
  net.conv(64, 7, 2, { activation: "relu" });
  net.maxPool();
  for (const [filters, blocks, stride] of RESNET18) {
    for (let b = 0; b < blocks; b++) {
      const { size, channels } = net;
      const step = b === 0 ? stride : 1;
      net.conv(filters, 3, step, { activation: "relu" });
      net.conv(filters, 3, 1, { residual: true });
      if (step === 1 && channels === filters) continue;
      const after = net.size;
      [net.size, net.channels] = [size, channels];
      net.conv(filters, 1, step);
      [net.size, net.channels] = [after, filters];
    }
  }
  return net.head(1000);
}

/** MobileNetV2 (Sandler et al., 2018). */
function mobilenetV2(options: SuiteOptions): Image {
  const net = new Network(options);
  net.conv(32, 3, 2, { activation: "relu6" });
  for (const [expansion, filters, blocks, stride] of MOBILENET_V2) {
    for (let b = 0; b < blocks; b++) {
      const step = b === 0 ? stride : 1, residual = step === 1 && net.channels === filters;
      const wide = net.channels * expansion;
      if (expansion > 1) net.conv(wide, 1, 1, { activation: "relu6" });
      net.conv(wide, 3, step, { groups: wide, activation: "relu6" });
      net.conv(filters, 1, 1, { residual });
    }
  }
  net.conv(1280, 1, 1, { activation: "relu6" });
  return net.head(1000);
}

/** Lists equal kernels once, with their counts added up, and numbers those of one name that differ. */
function merged(kernels: readonly SuiteKernel[]): readonly SuiteKernel[] {
  const known = new Map<string, SuiteKernel>();
  const names = new Map<string, number>();
  for (const k of kernels) {
    const key = String(k.func), same = known.get(key);
    if (same) {
      known.set(key, { ...same, count: same.count + k.count });
      continue;
    }
    const n = names.get(k.name) ?? 0;
    names.set(k.name, n + 1);
    const name = n === 0 ? k.name : `${k.name}_${n}`;
    known.set(key, { ...k, name, func: k.func.with({ name }) });
  }
  return [...known.values()];
}
