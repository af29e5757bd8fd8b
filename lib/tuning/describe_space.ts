/** Describes measured spaces and searches of them, one row each, for tables. */
import { checkArgument, type Kind } from "../base/check_options.ts";
import { arrayOf, withFields } from "../base/option_kinds.ts";
import { measuredKind, type MeasuredSpace, type SpacePoint } from "../records/measured_space.ts";
import { bestPoint } from "./simulate.ts";

/** Points with at least this share of the best's speed are near it. */
const NEAR = 0.95;

/** A measured space in numbers. */
export interface SpaceFacts {
  /** The number of points. */
  readonly points: number;
  /** Milliseconds of the fastest point. */
  readonly bestMs: number;
  /** Milliseconds of the preset; NaN if it was not measured, or failed. */
  readonly presetMs: number;
  /** The preset's speed as a share of the best's; NaN without a time. */
  readonly presetShare: number;
  /** Points with at least 95% of the best's speed. */
  readonly near: number;
}

/**
 * Says in numbers what there is to find in a measured space.
 *
 * @throws {OptionError} for an argument of a wrong kind
 */
export function spaceFacts(measured: MeasuredSpace): SpaceFacts {
  checkArgument("autotvm.spaceFacts", "measured", measured, measuredKind);
  const { space, points } = measured;
  const bestMs = bestPoint(measured).ms, presetMs = points.get(space.preset)?.ms ?? NaN;
  return {
    points: points.size,
    bestMs,
    presetMs,
    presetShare: bestMs / presetMs,
    near: [...points.values()].filter((p) => p.ms <= bestMs / NEAR).length,
  };
}

/** One trial of a search, in words. */
export interface TrialStep {
  /** The number of the trial, from 1. */
  readonly trial: number;
  /** Milliseconds; NaN where it failed. */
  readonly ms: number;
  /** `ok`, or where it failed. */
  readonly status: string;
  /** Whether it is faster than all before it. */
  readonly better: boolean;
  /** The knobs that differ from the preset, as `tile=8x4 pad=1`; empty for the preset. */
  readonly changes: string;
}

const POINTS: Kind<readonly SpacePoint[]> = arrayOf(
  withFields("a point of autotvm.simulate", {}) as Kind<SpacePoint>,
);

/**
 * Lists the trials of a simulated search, and what differs from the preset in each.
 *
 * @throws {OptionError} for an argument of a wrong kind
 */
export function trialSteps(measured: MeasuredSpace, tried: readonly SpacePoint[]): readonly TrialStep[] {
  checkArgument("autotvm.trialSteps", "measured", measured, measuredKind);
  checkArgument("autotvm.trialSteps", "tried", tried, POINTS);
  const { space } = measured, preset = space.at(space.preset);
  let best = Infinity;
  return tried.map(({ index, ms, status }, k) => {
    const better = ms < best;
    if (better) best = ms;
    const other = Object.entries(space.at(index)).filter(([knob, value]) => `${value}` !== `${preset[knob]}`);
    const changes = other.length === 0 ? "" : space.show(Object.fromEntries(other));
    return { trial: k + 1, ms, status, better, changes };
  });
}
