import { SequenceTuner } from "./sequence_tuner.ts";
import { ascending, outward } from "./sequences.ts";
import type { Tuner, TunerOptions } from "./tuner.ts";

/** Every point in order: by index, or by distance from the preset. The seed plays no part. */
export function gridTuner(options: TunerOptions): Tuner {
  const { space, start } = options;
  return new SequenceTuner(
    "grid",
    options,
    start === "preset" ? outward(space, space.preset) : ascending(space.size),
  );
}
