/** What every tuner is: something that can be asked for points and told how good they were. */
import type { ConfigSpace } from "../space/config_space.ts";
import type { Prior } from "./prior.ts";

/** What came of one point. */
export interface Told {
  /** Index of the configuration in the space. */
  readonly index: number;
  /** Higher is better (GFLOP/s); undefined where the candidate failed. */
  readonly score: number | undefined;
}

/**
 * A search over the indices of a space. The same seed and the same answers give the same questions. A
 * tuner may also be told of points that it did not ask for, as when a run is resumed from its records; it
 * then never asks for them.
 */
export interface Tuner {
  /** Its name, as records hold it. */
  readonly name: string;
  /**
   * At most `n` points that were neither asked nor told before and that the template accepts. Fewer, and
   * in the end none, when the space is exhausted, or when thousands of points in a row were rejected.
   */
  ask(n: number): readonly number[];
  /** Answers in any order, some of the asked ones or all. */
  tell(results: readonly Told[]): void;
  /** What the tuner's model has found to matter, most important first; only tuners with a model have it. */
  importance?(): readonly Importance[];
  /** How far its model and its prior can be trusted by now; only tuners with a model have it. */
  trust?(): Trust;
}

/** How well points that were not measured are ranked: 0 is guessing, 1 the right order. */
export interface Trust {
  /** Of the model of the points told; 0 while there are too few. */
  readonly model: number;
  /** Of the prior, by its own word and by the points told; 0 where there is none. */
  readonly prior: number;
}

/** A feature's share in what a model has explained, of [0, 1]. */
export interface Importance {
  /** The feature, for example a knob or `target.ns`. */
  readonly feature: string;
  /** Its share of all gain in the model's trees, from 0 to 1. */
  readonly share: number;
}

/** What a tuner is made of. */
export interface TunerOptions {
  /** The space that it chooses points of. */
  readonly space: ConfigSpace;
  /** Seed of its random choices. */
  readonly seed: number;
  /** `preset`: begin with the rule's point and its neighbourhood. `scratch`: never look at presets. */
  readonly start: "preset" | "scratch";
  /** Whether the template accepts the point; asked at most once a point. */
  readonly valid?: (index: number) => boolean;
  /** What a cost model may know of the point; undefined where the template rejects it. All of one length. */
  readonly features?: (index: number) => Float64Array | undefined;
  /**
   * What a point would take by what is known of the kind of device, in any unit; undefined where the template
   * rejects it. It orders points, and is wrong about each of them.
   */
  readonly estimate?: (index: number) => number | undefined;
  /** What earlier searches tell, of the same features. */
  readonly prior?: Prior;
  /** How many trials are to be expected, if that is known: generations and plans are sized by it. */
  readonly trials?: number;
}
