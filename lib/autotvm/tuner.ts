/** The interface of every tuner: `ask` for points, `tell` their scores. */
import type { ConfigSpace } from "../space/config_space.ts";
import type { Prior } from "./prior.ts";

/** The result of one point. */
export interface Told {
  /** Index of the configuration in the space. */
  readonly index: number;
  /** Higher is better (GFLOP/s); undefined where the candidate failed. */
  readonly score: number | undefined;
}

/**
 * A search over the indices of a space. The same seed and the same results give the same sequence. `tell` also accepts
 * points that the tuner did not ask for, for example when a run resumes from its records; the tuner never asks for them.
 */
export interface Tuner {
  /** Its name, as records hold it. */
  readonly name: string;
  /** The most points that are best asked for at a time, so that each plan knows the results before it. Default: any number. */
  readonly batch?: number;
  /**
   * Gives at most `n` new points that the template accepts. It gives fewer, in the end none, when the space is
   * exhausted or when thousands of consecutive points were rejected.
   */
  ask(n: number): readonly number[];
  /** Takes results in any order, of some or all points. */
  tell(results: readonly Told[]): void;
  /** Gives the importance of features, highest first. Only tuners with a model have it. */
  importance?(): readonly Importance[];
  /** Gives the present rank accuracy of its model and its prior. Only tuners with a model have it. */
  trust?(): Trust;
}

/** Estimated rank accuracy on unmeasured points: 0 is chance, 1 the right order. */
export interface Trust {
  /** Of the model of the measured points; 0 while there are too few. */
  readonly model: number;
  /** Of the prior, by its own estimate and by the measured points; 0 without a prior. */
  readonly prior: number;
}

/** A feature's share in the gain of a model, in [0, 1]. */
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
  /** Tells whether the template accepts the point. Called at most once per point. */
  readonly valid?: (index: number) => boolean;
  /** Gives the features of the point, all of one length; undefined if the template rejects it. */
  readonly features?: (index: number) => Float64Array | undefined;
  /**
   * Estimates the time of the point from the kind of device, in any unit; undefined if the template rejects it. The
   * estimate only ranks points.
   */
  readonly estimate?: (index: number) => number | undefined;
  /** A model of earlier searches, fitted on the same features. */
  readonly prior?: Prior;
  /** The expected number of trials, if known: it determines the sizes of generations and plans. */
  readonly trials?: number;
}
