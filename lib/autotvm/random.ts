import { Rng } from "../base/random.ts";
import { SequenceTuner } from "./sequence_tuner.ts";
import { shuffled, widening } from "./sequences.ts";
import type { Tuner, TunerOptions } from "./tuner.ts";

/**
 * Points drawn evenly without repetition. From a preset: the preset, then ever longer random walks from it,
 * and only then the whole space.
 */
export function randomTuner(options: TunerOptions): Tuner {
  return new SequenceTuner("random", options, sequence(options));
}

function* sequence({ space, seed, start }: TunerOptions): Generator<number, void> {
  const rng = Rng.of(seed);
  if (start === "preset") yield* widening(space, space.preset, rng);
  yield* shuffled(space.size, rng);
}
