/** The weights of a language model's graphs: how each quantization stores and reads them. */
import type { BlockBuilder } from "../../relax/builder.ts";
import type { Value } from "../../relax/value.ts";

/**
 * How weights of products are stored, in MLC's names: 4 bits in groups of 32 (`q4f16_1`, `q4f32_1`), or as they are
 * (`q0f16`, `q0f32`). The number after `f` is the bits of activations.
 */
export type Quantization = "q4f16_1" | "q4f32_1" | "q0f16" | "q0f32";

/** The dtype of activations, and of weights that aren't packed. */
export function activationType(quantization: Quantization): "f32" | "f16" {
  return quantization === "q4f16_1" || quantization === "q0f16" ? "f16" : "f32";
}

/** A shape of a weight, and the dtype of its elements. */
export interface WeightShape {
  readonly shape: readonly number[];
  readonly dtype: "f32" | "f16" | "u32";
}

/** Declares the weights of a graph, each once, and says which there are. */
export class WeightValues {
  readonly #known = new Map<string, Value>();

  /** Makes the weights of a builder's graph. */
  constructor(readonly b: BlockBuilder, readonly quantization: Quantization) {}

  /** A vector of the activations' dtype. */
  vector(name: string, length: number): Value {
    return this.#declare(name, [length], activationType(this.quantization));
  }

  /** A table that the host computes: of cosines and sines. */
  table(name: string, shape: readonly [number, number]): Value {
    return this.#declare(name, shape, "f32");
  }

  /** A matrix [n, k], decoded where it is packed. Readers decode it as they go. */
  matrix(name: string, n: number, k: number): Value {
    const { b, quantization } = this;
    const type = activationType(quantization);
    if (quantization === "q0f16" || quantization === "q0f32") return this.#declare(name, [n, k], type);
    const groups = Math.ceil(k / 32);
    const packed = this.#declare(`${name}_q`, [n, 4 * groups], "u32");
    return b.dequantizeQ4(packed, this.#declare(`${name}_scale`, [n, groups], type), { k });
  }

  #declare(name: string, shape: readonly number[], dtype: WeightShape["dtype"]): Value {
    const known = this.#known.get(name) ?? this.b.weight(name, shape, dtype);
    this.#known.set(name, known);
    return known;
  }
}
