/** Rotary position embeddings: how their frequencies are scaled for longer contexts. */
import { finite, jsonText, listOf, optional, readFields } from "../../base/read_json.ts";
import { ModelError } from "../error.ts";
import { integerBetween, positiveNumber } from "./json_kinds.ts";

/** How the frequencies of rotary embeddings are scaled. */
export type RopeScaling =
  | { readonly kind: "none" }
  /** Position interpolation: all frequencies are divided by `factor`. */
  | { readonly kind: "linear"; readonly factor: number }
  /** Llama 3.1's: long waves are divided, short ones stay, those between are interpolated. */
  | {
    readonly kind: "llama3";
    readonly factor: number;
    readonly lowFrequencyFactor: number;
    readonly highFrequencyFactor: number;
    readonly originalContext: number;
  }
  /** YaRN: as llama3 by a ramp over dimensions, and rotated vectors are multiplied by `magnitude`. */
  | {
    readonly kind: "yarn";
    readonly factor: number;
    readonly betaFast: number;
    readonly betaSlow: number;
    readonly originalContext: number;
    readonly magnitude: number;
  }
  /** LongRoPE (Phi-3): a divisor per frequency, one list for contexts up to the original one and one for longer. */
  | {
    readonly kind: "longrope";
    readonly short: readonly number[];
    readonly long: readonly number[];
    readonly originalContext: number;
    readonly magnitude: number;
  };

/** A rotary position embedding. Element k of a head's first half is rotated with element k of its second half. */
export interface Rope {
  /** The base of the frequencies: θ^(−2k/dim). */
  readonly theta: number;
  /** How the frequencies are scaled. */
  readonly scaling: RopeScaling;
  /** Elements of a head that are rotated: the first ones; an even number. */
  readonly dim: number;
}

/** What a position rotates by. */
export interface RopeFrequencies {
  /** Radians per position of each pair [dim / 2]. */
  readonly frequencies: Float64Array;
  /** What rotated queries and keys are multiplied by: 1 for most. */
  readonly magnitude: number;
}

/**
 * Gives the frequencies of a rotary embedding.
 *
 * @param context the longest text that will be read: it chooses between the two lists of LongRoPE
 */
export function ropeFrequencies({ theta, scaling, dim }: Rope, context: number): RopeFrequencies {
  const plain = Float64Array.from({ length: dim / 2 }, (_, k) => theta ** (-2 * k / dim));
  switch (scaling.kind) {
    case "none":
      return { frequencies: plain, magnitude: 1 };
    case "linear":
      return { frequencies: plain.map((f) => f / scaling.factor), magnitude: 1 };
    case "llama3": {
      const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalContext } = scaling;
      const scaled = (f: number) => {
        const periods = originalContext * f / (2 * Math.PI);
        const kept = Math.min(1, Math.max(0, (periods - low) / (high - low)));
        return f * kept + f / factor * (1 - kept);
      };
      return { frequencies: plain.map(scaled), magnitude: 1 };
    }
    case "yarn": {
      const { factor, betaFast, betaSlow, originalContext, magnitude } = scaling;
      const pairOf = (rotations: number) =>
        dim * Math.log(originalContext / (rotations * 2 * Math.PI)) / (2 * Math.log(theta));
      const low = Math.max(0, Math.floor(pairOf(betaFast)));
      const high = Math.min(dim - 1, Math.ceil(pairOf(betaSlow)));
      const scaled = (f: number, k: number) => {
        const kept = 1 - Math.min(1, Math.max(0, (k - low) / Math.max(high - low, 1e-3)));
        return f * kept + f / factor * (1 - kept);
      };
      return { frequencies: plain.map(scaled), magnitude };
    }
    case "longrope": {
      const divisors = context > scaling.originalContext ? scaling.long : scaling.short;
      return {
        frequencies: plain.map((f, k) => f / (divisors[k] as number)),
        magnitude: scaling.magnitude,
      };
    }
    default:
      return scaling satisfies never;
  }
}

interface RawScaling {
  readonly rope_type?: string | undefined;
  readonly type?: string | undefined;
  readonly factor?: number | undefined;
  readonly low_freq_factor?: number | undefined;
  readonly high_freq_factor?: number | undefined;
  readonly original_max_position_embeddings?: number | undefined;
  readonly beta_fast?: number | undefined;
  readonly beta_slow?: number | undefined;
  readonly attention_factor?: number | undefined;
  readonly short_factor?: readonly number[] | undefined;
  readonly long_factor?: readonly number[] | undefined;
}

const divisors = listOf(positiveNumber, 1024);
const RAW = {
  rope_type: optional(jsonText),
  type: optional(jsonText),
  factor: optional(positiveNumber),
  low_freq_factor: optional(positiveNumber),
  high_freq_factor: optional(positiveNumber),
  original_max_position_embeddings: optional(integerBetween(1, 2 ** 30)),
  beta_fast: optional(positiveNumber),
  beta_slow: optional(positiveNumber),
  attention_factor: optional(finite),
  short_factor: optional(divisors),
  long_factor: optional(divisors),
};
/** What a scaling is relative to. */
export interface RopeContext {
  /** The file, for errors. */
  readonly file: string;
  /** Elements of a head that are rotated. */
  readonly dim: number;
  /** The most positions of the model. */
  readonly context: number;
  /** The context before it was extended, where the file has it outside of the scaling. */
  readonly originalContext: number | undefined;
}

/**
 * Reads a scaling of rotary embeddings as Hugging Face writes it.
 *
 * @throws {ModelError} for a scaling that isn't known, or one without what it needs
 */
export function readScaling(
  json: unknown,
  { file, dim, context, originalContext }: RopeContext,
): RopeScaling {
  if (json === undefined) return { kind: "none" };
  const raw = readFields<RawScaling>(json, RAW, (name, takes) => {
    throw new ModelError(`expected rope_scaling.${name} to be ${takes}, in ${file}`);
  });
  if (raw === undefined) throw new ModelError(`expected rope_scaling to be an object, in ${file}`);
  const kind = raw.rope_type ?? raw.type ?? "default";
  const need = <T>(name: keyof RawScaling, value: T | undefined): T => {
    if (value !== undefined) return value;
    throw new ModelError(`expected rope_scaling.${name} for rope type ${kind}, got nothing, in ${file}`);
  };
  const original = raw.original_max_position_embeddings ?? originalContext;
  switch (kind) {
    case "default":
      return { kind: "none" };
    case "linear":
      return { kind: "linear", factor: need("factor", raw.factor) };
    case "llama3":
      return {
        kind: "llama3",
        factor: need("factor", raw.factor),
        lowFrequencyFactor: need("low_freq_factor", raw.low_freq_factor),
        highFrequencyFactor: need("high_freq_factor", raw.high_freq_factor),
        originalContext: need("original_max_position_embeddings", original),
      };
    case "yarn": {
      const factor = need("factor", raw.factor);
      return {
        kind: "yarn",
        factor,
        betaFast: raw.beta_fast ?? 32,
        betaSlow: raw.beta_slow ?? 1,
        originalContext: original ?? context,
        magnitude: raw.attention_factor ?? (factor > 1 ? 0.1 * Math.log(factor) + 1 : 1),
      };
    }
    case "longrope":
    case "su": {
      const originalContext = need("original_max_position_embeddings", original);
      const factor = context / originalContext;
      return {
        kind: "longrope",
        short: ofLength(need("short_factor", raw.short_factor), dim / 2, "short_factor", file),
        long: ofLength(need("long_factor", raw.long_factor), dim / 2, "long_factor", file),
        originalContext,
        magnitude: raw.attention_factor ??
          (factor > 1 ? Math.sqrt(1 + Math.log(factor) / Math.log(originalContext)) : 1),
      };
    }
    default:
      throw new ModelError(
        `expected a rope type of default, linear, llama3, yarn or longrope, got ${
          JSON.stringify(kind)
        }, in ${file}`,
      );
  }
}

function ofLength(list: readonly number[], length: number, name: string, file: string): readonly number[] {
  if (list.length === length) return list;
  throw new ModelError(
    `expected ${length} numbers in rope_scaling.${name}, one per frequency, got ${list.length}, in ${file}`,
  );
}
