/** A space whose points were measured, by Tunebook or by another tuner. */
import type { Kind } from "../base/check_options.ts";
import { instanceOf, required, withFields } from "../base/option_kinds.ts";
import type { Failure } from "../measure/measurement.ts";
import { ConfigSpace, spaceKind } from "../space/config_space.ts";
import { answerOf, type Knob } from "../space/knob.ts";
import type { Answer } from "../space/knobs.ts";

/** The measurement of one configuration. */
export interface SpacePoint {
  /** The index of the configuration in the recorded space. */
  readonly index: number;
  /** `ok`, or where the trial failed. */
  readonly status: "ok" | Failure;
  /** Median milliseconds of one run; NaN if the trial failed. */
  readonly ms: number;
  /** The samples, milliseconds; empty if the trial failed. */
  readonly samples: readonly number[];
  /** Seconds that the trial took, including compilation. */
  readonly seconds: number;
}

/** A space, and the measurements of its points: what a simulated search needs. */
export interface MeasuredSpace {
  /** The space. Its constraint refuses configurations that were not recorded. */
  readonly space: ConfigSpace;
  /** The measured points, by their index in `space`. */
  readonly points: ReadonlyMap<number, SpacePoint>;
}

/** Makes a measured space of knobs and points. Its constraint refuses all other points. */
export function measuredSpace(knobs: readonly Knob[], points: readonly SpacePoint[]): MeasuredSpace {
  const bare = new ConfigSpace(knobs);
  const keyOf = (answers: readonly Answer[]) => answers.join("|");
  const recorded = new Set(
    points.map((p) => keyOf(bare.digits(p.index).map((digit, i) => answerOf(knobs[i] as Knob, digit)))),
  );
  const space = new ConfigSpace(knobs, [{
    knobs: knobs.map((k) => k.name),
    refuse: (...answers) => recorded.has(keyOf(answers)) ? undefined : "it was not recorded",
  }]);
  return { space, points: new Map(points.map((p) => [p.index, p])) };
}

export const measuredFields = {
  space: required(spaceKind),
  points: required(instanceOf(Map, "a Map of points by index")),
};

/** The kind of an argument that is a measured space. */
export const measuredKind: Kind<MeasuredSpace> = withFields(
  "a measured space, as await records.readSpace(path) or records.readKernelTuner(path) gives",
  measuredFields,
);
