import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { dropletTuner } from "../../lib/autotvm/droplet.ts";
import { ConfigSpace } from "../../lib/space/config_space.ts";
import { choiceKnob, splitKnob } from "../../lib/space/knob.ts";

const steps = Array.from({ length: 64 }, (_, i) => i);
const line = new ConfigSpace([choiceKnob("x", steps, 0)]);
const field = new ConfigSpace([choiceKnob("x", steps, 3), choiceKnob("y", steps, 60)]);

/** The points asked for until the best one is among them. */
function pathTo(space: ConfigSpace, score: (index: number) => number, best: number): readonly number[] {
  const tuner = dropletTuner({ space, seed: 1, start: "preset", batch: 1, randomPoints: 0 });
  const path: number[] = [];
  while (!path.includes(best)) {
    const asked = tuner.ask(1);
    assert(asked.length > 0);
    tuner.tell(asked.map((index) => ({ index, score: score(index) })));
    path.push(...asked);
  }
  return path;
}

Deno.test("along a better step it goes ever wider", () => {
  const path = pathTo(line, (x) => 1.1 ** x, 63);
  assertEquals(path.slice(0, 5), [0, 1, 2, 3, 5]);
  assertLessOrEqual(path.length, 32);
});

Deno.test("along a better split its factor grows by ever larger powers", () => {
  const split = splitKnob("x", 4096, { parts: 2, policy: "power2", preset: [1], max: [4096] });
  const space = new ConfigSpace([split]);
  const factorOf = (index: number) => split.candidates[space.digits(index)[0] ?? 0]?.at(-1) ?? 0;
  const largest = split.candidates.length - 1;
  const path = pathTo(space, (index) => factorOf(index), largest).map(factorOf);
  // From 1 to 2 it is a factor of 2: then 2·2, 2·2² and 2·2⁴.
  assertEquals(path.slice(0, 5), [1, 2, 4, 8, 32]);
});

Deno.test("it climbs a hill of two knobs in a small part of its points", () => {
  const distance = (index: number) => {
    const [x = 0, y = 0] = field.digits(index);
    return Math.abs(x - 40) + Math.abs(y - 20);
  };
  const best = field.indexOfDigits([40, 20]);
  assertLessOrEqual(pathTo(field, (index) => 200 - distance(index), best).length, 300);
});

Deno.test("it does not take noise for a better point, and begins again where steps are untried", () => {
  // Nothing differs by more than noise, so all that it does is to try the steps of one point after the other.
  const path = pathTo(line, (x) => 100 + (x % 2), 20);
  path.forEach((x, i) => assert(x === 0 || path.slice(0, i).some((before) => Math.abs(x - before) === 1)));
});
