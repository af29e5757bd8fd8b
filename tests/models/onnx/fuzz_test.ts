/** Models with bytes that are wrong: each gives a graph or a typed error, soon and in little memory. */
import { assert } from "@std/assert";
import { isGraph, mutated, numbers, SEEDS } from "./fuzz_models.ts";

Deno.test("thousands of models with wrong bytes give graphs or typed errors", () => {
  let graphs = 0, errors = 0, slowest = 0;
  const below = numbers();
  SEEDS.slice(0, 3).forEach(isGraph);
  const before = Deno.memoryUsage();
  for (const seed of SEEDS) {
    for (let k = 0; k < 1000; k++) {
      const bytes = k === 0 ? seed : mutated(seed, below), begin = performance.now();
      if (isGraph(bytes)) graphs++;
      else errors++;
      slowest = Math.max(slowest, performance.now() - begin);
    }
  }
  assert(graphs > 100 && errors > 1000, `${graphs} graphs, ${errors} errors`);
  assert(slowest < 5000, `expected a graph or an error within 5 s, got ${slowest} ms`);
  const { rss } = Deno.memoryUsage();
  assert(rss - before.rss < 256 * 2 ** 20, `expected below 256 MiB, got ${(rss - before.rss) / 2 ** 20}`);
});
