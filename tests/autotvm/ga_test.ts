import { assert } from "@std/assert";
import { gaTuner } from "../../lib/autotvm/ga.ts";
import { ConfigSpace } from "../../lib/space/config_space.ts";
import { choiceKnob } from "../../lib/space/knob.ts";

const steps = Array.from({ length: 64 }, (_, i) => i);

Deno.test("parents are drawn in proportion to their scores", () => {
  const space = new ConfigSpace(["x", "y", "z"].map((name) => choiceKnob(name, steps, 0)));
  const tuner = gaTuner({ space, seed: 3, start: "scratch", population: 16 });
  const best = space.indexOfDigits([10, 11, 12]);
  tuner.tell([
    ...Array.from(
      { length: 15 },
      (_, k) => ({ index: space.indexOfDigits([40 + k, 41 + k, 42 + k]), score: 1 }),
    ),
    { index: best, score: 10_000 },
  ]);
  const children = tuner.ask(16).map((index) => space.digits(index));
  const likeBest = children.filter((digits) => digits.some((d, k) => d === 10 + k));
  assert(likeBest.length >= 12, `${likeBest.length} of ${children.length} have a knob of the best point`);
});
