/** How rope's angles are scaled for contexts beyond those of the training. */
import { type Fields, fieldsProblem, isPlainObject, type Kind } from "../base/check_options.ts";
import { number, oneOf, positive, required } from "../base/option_kinds.ts";
import { add, constant, max, min, mul, sub } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import { TeError } from "../te/error.ts";

/** Divides all frequencies (position interpolation, arXiv 2306.15595; Hugging Face: linear). */
export interface LinearRopeScaling {
  /** Tells the kind of scaling. */
  readonly kind: "linear";
  /** What the frequencies are divided by, at least 1. */
  readonly factor: number;
}

/**
 * Divides low frequencies, keeps high ones and interpolates between them (Llama 3.1; Hugging Face: llama3). A frequency
 * is low if its waves are longer than `originalContext/lowFrequencyFactor` positions, and high if they are shorter than
 * `originalContext/highFrequencyFactor`.
 */
export interface Llama3RopeScaling {
  /** Tells the kind of scaling. */
  readonly kind: "llama3";
  /** What low frequencies are divided by, at least 1: 8 in Llama 3.1. */
  readonly factor: number;
  /** Above 0: 1 in Llama 3.1. */
  readonly lowFrequencyFactor: number;
  /** Above `lowFrequencyFactor`: 4 in Llama 3.1. */
  readonly highFrequencyFactor: number;
  /** The number of positions that the model was trained on: 8,192 in Llama 3.1. */
  readonly originalContext: number;
}

/** How rope's angles are scaled. */
export type RopeScaling = LinearRopeScaling | Llama3RopeScaling;

const KINDS = oneOf("linear", "llama3"), factor = required(number({ min: 1 }));
const LINEAR = { kind: required(KINDS), factor };
const LLAMA3 = {
  kind: required(KINDS),
  factor,
  lowFrequencyFactor: required(number({ above: 0 })),
  highFrequencyFactor: required(number({ above: 0 })),
  originalContext: required(positive),
} satisfies Record<keyof Fields<Llama3RopeScaling>, unknown>;

/** The kind of an option that scales rope's angles. */
export const ropeScaling: Kind<RopeScaling> = {
  takes: "an object whose kind is linear or llama3",
  is: isPlainObject,
  inside: (where, name, x) => {
    const fields = (x as { readonly kind?: unknown }).kind === "llama3" ? LLAMA3 : LINEAR;
    return fieldsProblem(where, x as object, fields, { inside: `${name}.` });
  },
};

/**
 * Scales a frequency, an f32 in radians for each position.
 *
 * @throws {TeError} for llama3 factors that leave no frequencies between low and high
 */
export function scaledFrequency(frequency: Expr, scaling: RopeScaling): Expr {
  const f32 = (x: number) => constant(x, "f32"), { factor } = scaling;
  switch (scaling.kind) {
    case "linear":
      return mul(frequency, f32(1 / factor));
    case "llama3": {
      const { lowFrequencyFactor: low, highFrequencyFactor: high, originalContext } = scaling;
      if (low >= high) {
        throw new TeError(
          `expected highFrequencyFactor above lowFrequencyFactor, got ${high} and ${low}, in rope; swap them`,
        );
      }
      // 0 where a frequency is low, and 1 where it is high.
      const part = sub(
        mul(frequency, f32(originalContext / (2 * Math.PI * (high - low)))),
        f32(low / (high - low)),
      );
      const kept = max(min(part, f32(1)), f32(0));
      return mul(frequency, add(mul(kept, f32(1 - 1 / factor)), f32(1 / factor)));
    }
    default:
      return scaling satisfies never;
  }
}
