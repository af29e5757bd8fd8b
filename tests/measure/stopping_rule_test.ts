import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { median, medianInterval, ratiosTo } from "../../lib/base/statistics.ts";
import { msOf } from "../../lib/measure/measurement.ts";
import { isFaster, isPrecise, isSettled } from "../../lib/measure/stopping_rule.ts";
import { Rng } from "../../lib/base/random.ts";

const rng = Rng.of(7);
/** Skewed, as times are: mostly near 1, sometimes far above. */
const draw = () => 1 + 0.2 * -Math.log(1 - rng.float());
const trueMedian = 1 + 0.2 * Math.log(2);
const draws = (n: number) => Array.from({ length: n }, draw);

Deno.test("a median's interval misses it in at most one case of twenty, whatever the distribution", () => {
  for (const n of [6, 7, 9, 12, 15, 25]) {
    const times = 4000;
    let missed = 0;
    for (let t = 0; t < times; t++) {
      const { low, high } = medianInterval(draws(n));
      if (low > trueMedian || high < trueMedian) missed++;
    }
    // Three standard deviations above 5%.
    assertLess(missed / times, 0.05 + 3 * Math.sqrt(0.05 * 0.95 / times), `${n} samples`);
  }
});

Deno.test("the interval leaves out as many samples at either end as it can", () => {
  const ranks = (n: number) => medianInterval(Array.from({ length: n }, (_, k) => k + 1));
  // From tables of the sign test at 5%: ranks of the lower limit for 6, 8, 9, 12, 15, 20 and 25 samples.
  assertEquals([6, 8, 9, 12, 15, 20, 25].map((n) => ranks(n).low), [1, 1, 2, 3, 4, 6, 8]);
  assertEquals([6, 8, 9, 12, 15, 20, 25].map((n) => ranks(n).high), [6, 8, 8, 10, 12, 15, 18]);
  assertEquals([ranks(3), ranks(1)], [{ low: 1, high: 3 }, { low: 1, high: 1 }]);
});

Deno.test("against an incumbent, drift that hits both cancels", () => {
  const drift = [1, 1.4, 2, 1.1, 0.9, 1.6];
  const against = { ms: 10, samples: drift.map((d) => 10 * d) };
  const samples = drift.map((d) => 8 * d);
  assertEquals(ratiosTo(against.samples, samples).map((r) => r.toFixed(6)), Array(6).fill("0.800000"));
  assertEquals(msOf({ samples, against }).toFixed(6), "8.000000");
  assertGreater(median(samples), 9);
  assertEquals(msOf({ samples }), median(samples));
});

Deno.test("two samples settle what is clearly slower, not what is clearly faster", () => {
  assert(isSettled([1.2, 1.5], 12));
  assert(!isSettled([1.2], 12) && !isSettled([1.2, 1.05], 12) && !isSettled([0.5, 0.5], 12));
  assert(isSettled([0.5, 0.6, 0.55, 0.5, 0.52, 0.58], 12));
});

Deno.test("what is alike is settled when that is known narrowly", () => {
  assert(isSettled([1.001, 0.999, 1.003, 1.0], 12) && !isFaster([1.001, 0.999, 1.003, 1.0]));
  assert(!isSettled([1.05, 0.95, 1.04, 0.96, 0.97, 0.98], 12));
});

Deno.test("sampling ends where no samples to come could make a candidate faster", () => {
  // The interval of twelve leaves out two at either end.
  assert(isSettled([0.9, 1.05, 1.02, 0.93, 1.01], 12));
  assert(!isSettled([0.9, 1.05, 1.02, 0.93, 0.99], 12));
  const hopeful = [0.9, 1.05, 1.02, 0.93, 0.99, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9];
  assert(isFaster(hopeful));
});

Deno.test("an A/A comparison finds no winner, in nineteen cases of twenty", () => {
  let won = 0;
  for (let t = 0; t < 1000; t++) {
    const ratios: number[] = [];
    while (ratios.length < 12 && !isSettled(ratios, 12)) ratios.push(draw() / draw());
    if (isFaster(ratios)) won++;
  }
  assertLess(won / 1000, 0.05);
});

Deno.test("a first median is precise when its interval is narrow", () => {
  assert(isPrecise([10, 10.2, 10.1]));
  assert(!isPrecise([10, 10]) && !isPrecise([10, 12, 10.1]));
});
