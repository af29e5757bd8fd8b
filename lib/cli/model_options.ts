import { name, number, oneOf, positive } from "../base/option_kinds.ts";
import type { LoadOptions } from "../models/language/load_options.ts";
import { type Quantization, QUANTIZATION_NAMES } from "../models/parameters/quantization.ts";
import type { CliOption } from "./arguments.ts";
import { BACKEND, SEED } from "./common_options.ts";

/** The options of commands that load a language model. */
export const MODEL_OPTIONS = {
  backend: BACKEND,
  quantization: {
    as: "text",
    kind: oneOf(...QUANTIZATION_NAMES),
    value: QUANTIZATION_NAMES.join("|"),
    help: "How matrices are stored on the device. Default: as the files store them, else q4f16_1.",
  },
  context: {
    as: "number",
    kind: positive,
    value: "2048",
    help: "The most tokens of a text, prompt included. Default: the model's, or what the cache holds.",
  },
  cache: {
    as: "text",
    kind: name,
    value: '"512 MiB"',
    help: "The most that keys and values may take. Default 1 GiB.",
  },
} as const satisfies Readonly<Record<string, CliOption>>;

/** The options of a command that generates. */
export const SAMPLING_OPTIONS = {
  temperature: {
    as: "number",
    kind: number({ min: 0 }),
    value: "0.8",
    help: "0 takes the likeliest token each time. Default: the model's.",
  },
  seed: { ...SEED, help: "Gives the same answers each time. Default: random." },
  "max-tokens": { as: "number", kind: positive, value: "200", help: "The most tokens of an answer." },
} as const satisfies Readonly<Record<string, CliOption>>;

/** The values of {@linkcode MODEL_OPTIONS} as `LanguageModel.load` takes them. The parser has checked them. */
export function loadOptionsOf(
  values: { readonly quantization?: string; readonly context?: number; readonly cache?: string },
): LoadOptions {
  const { quantization, context, cache } = values;
  return {
    ...(quantization === undefined ? {} : { quantization: quantization as Quantization }),
    ...(context === undefined ? {} : { context }),
    ...(cache === undefined ? {} : { cache }),
  };
}
