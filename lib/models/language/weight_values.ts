/** The parameters of a language model as weights of a graph, decoded where they are packed. */
import type { BlockBuilder } from "../../relax/builder.ts";
import type { Value } from "../../relax/value.ts";
import type { ModelConfig } from "../config/model_config.ts";
import { arraysOf, type Parameter, parametersOf } from "../parameters/parameter.ts";
import { type Quantization, QUANTIZATIONS } from "../parameters/quantization.ts";
import { decoded } from "./decoded.ts";

/** The name of a parameter's array in graphs, where names are words. */
export function weightName(array: string): string {
  return array.replaceAll(".", "_");
}

/** Declares parameters as weights of a graph, each when it is first used. */
export class WeightValues {
  readonly #known = new Map<string, Value>();
  readonly #parameters: ReadonlyMap<string, Parameter>;

  /** Makes the weights of a builder's graph. `dtype` is that of floats. */
  constructor(
    readonly b: BlockBuilder,
    config: ModelConfig,
    readonly quantization: Quantization,
    readonly dtype: "f16" | "f32",
  ) {
    this.#parameters = new Map(parametersOf(config).map((p) => [p.name, p]));
  }

  /** A parameter: a vector or a matrix [rows, columns]. What reads a packed matrix decodes it as it goes. */
  of(name: string): Value {
    const parameter = this.#parameters.get(name) as Parameter;
    const arrays = arraysOf(parameter, this.quantization, this.dtype);
    const [first, scales] = arrays.map((a) => this.#declare(a.name, a.shape, a.dtype)) as [Value, Value?];
    if (!scales) return first;
    const { bits } = QUANTIZATIONS[this.quantization];
    return bits === 0 ? first : decoded(this.b, bits, first, scales, parameter.shape[1] as number);
  }

  /** A parameter that not all models have. */
  maybe(name: string): Value | undefined {
    return this.#parameters.has(name) ? this.of(name) : undefined;
  }

  /** A table f32 that the host computes: of cosines and sines. */
  table(name: string, shape: readonly [number, number]): Value {
    return this.#declare(name, shape, "f32");
  }

  #declare(name: string, shape: readonly number[], dtype: "f16" | "f32" | "u32"): Value {
    const known = this.#known.get(name) ?? this.b.weight(weightName(name), shape, dtype);
    this.#known.set(name, known);
    return known;
  }
}
