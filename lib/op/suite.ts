/** Every kernel of a model. */
import type { PrimFunc } from "../ir/func.ts";
import type { Activation } from "./activation.ts";
import { attention } from "./attention.ts";
import type { Dim } from "../te/compute.ts";
import { conv2d, type ImageLayout } from "./conv2d.ts";
import { gated } from "./elementwise.ts";
import { embedding } from "./embedding.ts";
import { TeError } from "../te/error.ts";
import { gemv } from "./gemv.ts";
import { matmul } from "./matmul.ts";
import {
  LANGUAGE_MODELS,
  type LanguageModel,
  type LanguageModelName,
  MOBILENET_V2,
  RESNET18,
} from "./models.ts";
import { globalAvgPool2d, maxPool2d } from "./pool2d.ts";
import { rope } from "./rope.ts";
import { addRmsNorm, rmsNorm } from "./rms_norm.ts";

/** A kernel of a model. */
export interface SuiteKernel {
  readonly name: string;
  /** `decode`: one token; `prefill`: a prompt of m tokens, m symbolic; `image`: one picture. */
  readonly phase: "decode" | "prefill" | "image";
  readonly func: PrimFunc;
  /** Times that it runs in one pass of the model. */
  readonly count: number;
  /** Typical values of its shape variables. */
  readonly shapes: Readonly<Record<string, number>>;
}

/** MLC's names for a language model's weights: in 4 bits or as they are, beside numbers in f16 or f32. */
export const QUANTIZATIONS = ["q4f16_1", "q4f32_1", "q0f16", "q0f32"] as const;
export type Quantization = typeof QUANTIZATIONS[number];

export interface SuiteOptions {
  /** Of language models. Default q4f16_1; a device that does not compute in f16 takes q4f32_1. */
  readonly quantization?: Quantization;
  /** Of images. Default NHWC. */
  readonly layout?: ImageLayout;
  /** Divides widths and lengths, to try a model where it is too large; rows stay whole groups of 32. Default 1. */
  readonly shrink?: number;
}

const PROMPT = 128, CACHE = 1024;

/**
 * The kernels of a language model (decode and prefill) or of a vision model (one image), as a compiler fuses
 * them: dequantization, bias, residual and activation are part of the kernel that they belong to.
 *
 * @throws {TeError} for an unknown model
 */
export function suite(
  kind: "llm" | "vision",
  model: string,
  options: SuiteOptions = {},
): readonly SuiteKernel[] {
  const known = kind === "llm" ? Object.keys(LANGUAGE_MODELS) : Object.keys(VISION_MODELS);
  if (!known.includes(model)) {
    throw new TeError(`unknown ${kind} model ${model}: known are ${known.join(", ")}`);
  }
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
    headDim: Math.max(16, m.headDim / by),
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
      ? gemv({ n, k, ...weights, ...more })
      : matmul({ m: rows, n, k, transposeB: true, ...weights, ...more });
  const kernel = (
    name: string,
    func: PrimFunc,
    count: number = m.layers,
    given: Readonly<Record<string, number>> = shapes,
  ): SuiteKernel => ({ name, phase, func: func.with({ name }), count, shapes: given });
  const { hidden, intermediate, heads, kvHeads, headDim, vocabulary } = m;
  const length = Math.max(2 * Math.round(PROMPT / shrink), Math.round(CACHE / shrink));
  return [
    kernel("embed", embedding({ rows, vocabulary, columns: hidden, ...weights }), 1),
    kernel("rms_norm", rmsNorm({ rows, columns: hidden, dtype }), 1),
    kernel("qkv", linear((heads + 2 * kvHeads) * headDim, hidden, { bias: m.qkvBias })),
    kernel("rope", rope({ rows, heads, kvHeads, headDim, theta: m.theta, dtype })),
    kernel(
      "attention",
      attention({ queries: rows, length: "L", heads, kvHeads, headDim, dtype }),
      m.layers,
      { ...shapes, L: length },
    ),
    kernel("o", linear(hidden, heads * headDim)),
    kernel("add_rms_norm", addRmsNorm({ rows, columns: hidden, dtype }), 2 * m.layers),
    kernel("gate_up", linear(2 * intermediate, hidden)),
    kernel("gated", gated({ rows, columns: intermediate, activation: m.activation, dtype })),
    kernel("down", linear(hidden, intermediate)),
    // Only the last token's logits are asked for.
    kernel("lm_head", gemv({ n: vocabulary, k: hidden, ...weights, out: "f32" }), 1, {}),
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
    this.#add(kind, conv2d({ ...options, layout: this.options.layout ?? "NHWC" }));
    this.size = Math.floor((size + 2 * padding - kernel) / stride) + 1;
    this.channels = filters;
  }

  maxPool(): void {
    const { size, channels } = this;
    const layout = this.options.layout ?? "NHWC";
    this.#add(
      "max_pool",
      maxPool2d({ height: size, width: size, channels, kernel: 3, stride: 2, padding: 1, layout }),
    );
    this.size = Math.floor((size - 1) / 2) + 1;
  }

  head(classes: number): readonly SuiteKernel[] {
    const { size, channels } = this;
    const layout = this.options.layout ?? "NHWC";
    this.#add("avg_pool", globalAvgPool2d({ channels, height: size, width: size, layout }));
    this.#add("classify", gemv({ n: classes, k: channels, bias: true }));
    return this.kernels;
  }

  #add(name: string, func: PrimFunc): void {
    this.kernels.push({ name, phase: "image", func: func.with({ name }), count: 1, shapes: {} });
  }
}

/** He et al., 2016: batch norms are folded into the convolutions before them. */
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

/** Sandler et al., 2018. */
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

/** Kernels that are the same, once, with their counts added up; names that differ in shape are numbered. */
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
