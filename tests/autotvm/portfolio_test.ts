import { assertAlmostEquals, assertEquals, assertGreater, assertLess } from "@std/assert";
import fc from "fast-check";
import { Credit } from "../../lib/autotvm/credit.ts";
import { createTuner, tunerNames } from "../../lib/autotvm/create_tuner.ts";
import { PortfolioTuner } from "../../lib/autotvm/portfolio.ts";
import { RECOMMENDED } from "../../lib/autotvm/recommended.ts";
import { derivedFeatures, matmulSpace, speedOf } from "./landscape.ts";

const large = matmulSpace("generic");

Deno.test("the portfolio says who searches: by whether there is an estimate, and by how far the search is", () => {
  const sharesAt = (trials: readonly number[], more = {}) => {
    const tuner = new PortfolioTuner({ space: large, seed: 1, start: "preset", ...more });
    return trials.map((t) => {
      tuner.tell(Array.from({ length: t - tuner.taken }, (_, i) => ({ index: tuner.taken + i, score: 1 })));
      return Object.fromEntries(tuner.shares);
    });
  };
  const mixed = { droplet: 0.75, bayes: 0.25 }, late = { droplet: 0.4, bayes: 0.2, evolution: 0.4 };
  assertEquals(sharesAt([0, 31, 32, 255, 256]), [{ bayes: 1 }, { bayes: 1 }, mixed, mixed, late]);
  const estimate = (index: number) => index % 13;
  assertEquals(sharesAt([0, 15, 16, 64], { estimate }), [
    { draft: 1 },
    { draft: 1 },
    { droplet: 0.25, bayes: 0.75 },
    mixed,
  ]);
});

Deno.test("the portfolio resumes in the stage that it was in", () => {
  const tuner = new PortfolioTuner({ space: large, seed: 1, start: "scratch" });
  tuner.tell(Array.from({ length: 50 }, (_, index) => ({ index, score: 1 + index % 5 })));
  assertEquals([...tuner.shares.keys()], ["droplet", "bayes"]);
});

Deno.test("the tuner whose points are better gets more of them, and no other is given up", () => {
  const credit = new Credit<"a" | "b" | "c">();
  const begin = { a: 2, b: 1, c: 1 };
  assertEquals([...credit.shares(begin).values()], [0.5, 0.25, 0.25]);
  credit.give("a", 1);
  credit.give("a", undefined);
  assertEquals(credit.shares(begin).get("b"), 0.25);
  for (const score of [2, 3, 3, 4]) credit.give("b", score);
  const shares = credit.shares(begin);
  assertGreater(shares.get("b") ?? 0, 0.5);
  assertGreater(shares.get("a") ?? 0, shares.get("c") ?? 1);
  assertGreater(shares.get("c") ?? 0, 0.1);
  for (let i = 0; i < 200; i++) credit.give("b", 1);
  assertLess(credit.shares(begin).get("b") ?? 1, 0.76);
});

Deno.test("shares add up to 1 and stay above 0, whatever the results", () => {
  const who = fc.constantFrom("a" as const, "b" as const, undefined);
  const score = fc.option(fc.double({ min: 0, max: 1e9, noNaN: true }), { nil: undefined });
  fc.assert(fc.property(fc.array(fc.tuple(who, score), { maxLength: 60 }), (results) => {
    const credit = new Credit<"a" | "b">();
    for (const [to, s] of results) credit.give(to, s);
    const shares = [...credit.shares({ a: 3, b: 1 }).values()];
    assertAlmostEquals(shares.reduce((x, y) => x + y), 1);
    shares.forEach((s) => assertGreater(s, 0.05));
  }));
});

for (const device of ["cpuLike", "gpuLike"] as const) {
  Deno.test(`${device}: the portfolio beats random points from scratch by a quarter, knowing nothing of the device`, () => {
    const mean = (name: string) =>
      [1, 2].reduce((sum, seed) => {
        const features = (index: number) => derivedFeatures(large, index);
        const tuner = createTuner(name, { space: large, seed, start: "scratch", features });
        let best = 0;
        for (let trials = 0; trials < 64;) {
          const told = tuner.ask(Math.min(8, 64 - trials)).map((index) => ({
            index,
            score: speedOf(large, index, device),
          }));
          tuner.tell(told);
          trials += told.length;
          best = Math.max(best, ...told.map((t) => t.score ?? 0));
        }
        return sum + best / 2;
      }, 0);
    assertGreater(mean("portfolio"), 1.25 * mean("random"));
  });
}

Deno.test("the docs have every tuner and the budgets that it is recommended for", async () => {
  const page = await Deno.readTextFile(new URL("../../docs/search.md", import.meta.url));
  for (const name of tunerNames) {
    const row = page.split("\n").find((line) => line.startsWith(`| \`${name}\``)) ?? "";
    const { from, to } = RECOMMENDED[name] ?? {};
    const budget = from === undefined ? "" : to === Infinity ? `from ${from}` : `${from} – ${to}`;
    assertEquals(row.split("|").at(3)?.trim(), budget, name);
  }
});
