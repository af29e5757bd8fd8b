import { assert, assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { ascending, outward, shuffled, widening } from "../../lib/autotvm/sequences.ts";
import { ConfigSpace } from "../../lib/space/config_space.ts";
import { choiceKnob, flagKnob, splitKnob } from "../../lib/space/knob.ts";
import { Rng } from "../../lib/base/random.ts";

const space = new ConfigSpace([
  splitKnob("i", 24, { parts: 3, preset: [2, 2] }),
  choiceKnob("path", ["a", "b", "c"], "b"),
  choiceKnob("unroll", [0, 16, 64], 0),
  flagKnob("vec", true),
]);
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

Deno.test("a shuffled range has each index once, for any size", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 3000 }), fc.integer(), (size, seed) => {
    assertEquals([...shuffled(size, Rng.of(seed))].toSorted((a, b) => a - b), upTo(size));
  }));
});

Deno.test("a shuffled range looks random, and follows its seed", () => {
  const first = (seed: number) => [...shuffled(10_000, Rng.of(seed)).take(1000)];
  assertEquals(first(1), first(1));
  assertNotEquals(first(1), first(2));
  const mean = first(1).reduce((a, b) => a + b) / 1000;
  assert(Math.abs(mean - 5000) < 400, `mean ${mean}`);
  const rises = first(1).filter((x, i, all) => x > (all[i - 1] ?? -1)).length;
  assert(Math.abs(rises - 500) < 60, `${rises} rises`);
});

Deno.test("a shuffled range of 2^53 indices starts at once", () => {
  const some = [...shuffled(2 ** 53, Rng.of(1)).take(100)];
  assertEquals(new Set(some).size, 100);
  assert(some.every((x) => Number.isSafeInteger(x) && x >= 0 && x < 2 ** 53));
  assert(some.some((x) => x > 2 ** 52));
});

Deno.test("outward has each point once, nearest first", () => {
  const all = [...outward(space, space.preset)];
  assertEquals(all[0], space.preset);
  assertEquals(all.toSorted((a, b) => a - b), [...ascending(space.size)]);
  const distances = all.map((i) => space.distance(space.preset, i));
  assertEquals(distances, distances.toSorted((a, b) => a - b));
});

Deno.test("widening begins at the centre and gets ever further on the whole", () => {
  const all = [...widening(space, space.preset, Rng.of(1))];
  assertEquals(all[0], space.preset);
  assert(all.slice(1, 17).every((i) => space.distance(space.preset, i) === 1));
  const far = (part: number[]) =>
    part.reduce((sum, i) => sum + space.distance(space.preset, i), 0) / part.length;
  assert(far(all.slice(-48)) > far(all.slice(1, 49)) + 0.5);
});

Deno.test("widening ends where there is nowhere to go", () => {
  assertEquals([...widening(new ConfigSpace([]), 0, Rng.of(1))], [0]);
});
