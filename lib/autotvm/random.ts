import { Rng } from "../base/random.ts";
import { SequenceTuner } from "./sequence_tuner.ts";
import { shuffled, widening } from "./sequences.ts";
import type { Tuner, TunerOptions } from "./tuner.ts";

/**
 * Draws points uniformly without repetition. With a preset it starts there, takes random walks of growing length from
 * it, and only then draws from the whole space.
 */
export function randomTuner(options: TunerOptions): Tuner {
  return new SequenceTuner("random", options, sequence(options));
}

function* sequence({ space, seed, start }: TunerOptions): Generator<number, void> {
  const rng = Rng.of(seed);
  if (start === "preset") yield* widening(space, space.preset, rng);
  yield* shuffled(space.size, rng);
}
