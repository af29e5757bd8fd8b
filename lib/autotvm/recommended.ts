import type { TunerName } from "./create_tuner.ts";

/** Trials that a tuner is meant for. */
export interface Recommended {
  /** The least number of trials. */
  readonly from: number;
  /** The largest number of trials. */
  readonly to: number;
}

/**
 * The numbers of trials for which each tuner is recommended. There it was at least as good as random points from the
 * same start, on every space of `deno task bench:tuners` and on the simulated devices of the tests. The grid is for
 * exhaustive searches only.
 */
export const RECOMMENDED: Readonly<Record<TunerName, Recommended | undefined>> = {
  random: { from: 1, to: Infinity },
  grid: undefined,
  ga: { from: 256, to: Infinity },
  xgb: { from: 64, to: Infinity },
  droplet: { from: 32, to: 128 },
  draft: { from: 16, to: 64 },
  evolution: { from: 32, to: Infinity },
  bayes: { from: 32, to: 256 },
  portfolio: { from: 16, to: Infinity },
};
