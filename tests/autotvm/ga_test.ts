import { assert, assertEquals } from "@std/assert";
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

Deno.test("a child takes its first knobs from one parent and the others from another", () => {
  const space = new ConfigSpace(["x", "y", "z"].map((name) => choiceKnob(name, steps, 0)));
  const tuner = gaTuner({ space, seed: 5, start: "scratch", population: 16, mutation: 0, elite: 1 });
  const parents = Array.from({ length: 16 }, (_, k) => [k, 20 + k, 40 + k]);
  tuner.tell(parents.map((digits) => ({ index: space.indexOfDigits(digits), score: 1 })));
  const children = tuner.ask(16).map((index) => space.digits(index));
  assertEquals(children.length, 16);
  const mixes = parents.flatMap((a) =>
    parents.flatMap((b) => [1, 2].map((cut) => [...a.slice(0, cut), ...b.slice(cut)].join()))
  );
  for (const child of children) assert(mixes.includes(child.join()), `${child} is of no two parents`);
  // All of the last generation are parents, and not its best alone.
  assert(new Set(children.map((d) => d[0])).size > 4);
});
