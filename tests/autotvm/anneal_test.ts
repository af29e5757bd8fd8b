import { assert, assertEquals, assertGreater } from "@std/assert";
import { anneal } from "../../lib/autotvm/anneal.ts";
import { ConfigSpace } from "../../lib/space/config_space.ts";
import { Rng } from "../../lib/base/random.ts";
import { matmulSpace } from "./landscape.ts";

const space = matmulSpace("generic");

Deno.test("annealing climbs to a point that random draws don't find", () => {
  const goal = 1234567;
  const score = (index: number) => -space.distance(goal, index) / 4;
  const rng = Rng.of(1);
  const starts = Array.from({ length: 8 }, () => space.random(rng));
  const { ends, visited } = anneal({ space, rng, starts, steps: 200, score });
  assertEquals(ends.length, 8);
  assertGreater(Math.max(...visited.values()), -0.6);
  assertGreater(Math.max(...visited.values()), Math.max(...starts.map(score)) + 1);
});

Deno.test("every point on the way is kept with its score, and scored once", () => {
  let scored = 0;
  const score = (index: number) => (scored++, index % 17);
  const { ends, visited } = anneal({ space, rng: Rng.of(1), starts: [5, 6], steps: 50, score });
  assertEquals(scored, visited.size);
  assert(visited.has(5) && visited.has(6) && ends.every((e) => visited.has(e)));
  assert([...visited].every(([index, s]) => s === index % 17));
});

Deno.test("the same seed takes the same way", () => {
  const way = (seed: number) =>
    anneal({ space, rng: Rng.of(seed), starts: [1, 2, 3], steps: 40, score: (i) => i / space.size }).ends;
  assertEquals(way(1), way(1));
});

Deno.test("it ends once the best points have stayed the same for a while", () => {
  const run = (settled?: { points: number; steps: number }) => {
    let scored = 0;
    const score = (index: number) => (scored++, index % 2);
    anneal({
      space,
      rng: Rng.of(1),
      starts: [1, 2, 3, 4],
      steps: 400,
      score,
      ...(settled ? { settled } : {}),
    });
    return scored;
  };
  // The best 8 have score 1 after a few steps, and none can be better.
  assert(run({ points: 8, steps: 20 }) < 4 * 60);
  assertGreater(run(), 400);
  assertEquals(run({ points: 8, steps: 400 }), run());
});

Deno.test("moves are near steps as often as they are asked to be", () => {
  const farthest = (near: number) => {
    const starts = Array<number>(20).fill(0);
    const { visited } = anneal({ space, rng: Rng.of(1), starts, steps: 1, near, score: () => 1 });
    return Math.max(...[...visited.keys()].map((index) => space.distance(0, index)));
  };
  assertEquals(farthest(1), 1);
  assertGreater(farthest(0), 1);
});

Deno.test("it visits nothing that a constraint refuses", () => {
  const tied = new ConfigSpace(space.knobs, [{
    knobs: ["vec", "unroll"],
    refuse: (vec, unroll) => vec === 4 && Number(unroll) > 0 ? "a vector is not unrolled" : undefined,
  }]);
  const rng = Rng.of(1);
  const starts = Array.from({ length: 8 }, () => tied.random(rng));
  const { visited } = anneal({ space: tied, rng, starts, steps: 100, score: (index) => index % 97 });
  assertGreater(visited.size, 200);
  assert([...visited.keys()].every((index) => tied.accepts(index)));
});

Deno.test("a space without knobs stays where it is", () => {
  const nothing = new ConfigSpace([]);
  assertEquals(anneal({ space: nothing, rng: Rng.of(1), starts: [0], steps: 5, score: () => 0 }).ends, [0]);
});
