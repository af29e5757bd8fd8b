import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { cutOf, median, medianInterval, quantile, ratiosTo } from "../../lib/base/statistics.ts";

const arbSamples = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 12 });

Deno.test("quantiles lie on the line through the sorted samples", () => {
  fc.assert(fc.property(arbSamples, fc.nat(100), (samples, percent) => {
    const sorted = samples.toSorted((a, b) => a - b), steps = samples.length - 1;
    assertEquals([quantile(samples, 0), quantile(samples, 1)], [sorted[0], sorted.at(-1)]);
    assertAlmostEquals(quantile(samples, 0.5), median(samples), 1e-9);
    // Each sample is at its share of the steps, and what is between two of them is between their values.
    for (let k = 1; k <= steps; k++) {
      const [a, b] = [sorted[k - 1], sorted[k]] as [number, number];
      assertAlmostEquals(quantile(samples, k / steps), b, 1e-9);
      assertAlmostEquals(
        quantile(samples, (k - 1 + percent / 100) / steps),
        a + (b - a) * percent / 100,
        1e-9,
      );
    }
  }));
  assertEquals(quantile([], 0.5), NaN);
});

Deno.test("a median has as many samples below as above", () => {
  fc.assert(fc.property(arbSamples, (samples) => {
    const m = median(samples);
    const below = samples.filter((x) => x < m).length, above = samples.filter((x) => x > m).length;
    assert(2 * below <= samples.length && 2 * above <= samples.length);
  }));
});

Deno.test("an interval leaves out as many samples as all 2ⁿ cases allow", () => {
  /** Cases of n throws of a coin with at most k heads. */
  const cases = (n: number, k: number): number => {
    let count = 0;
    for (let c = 0; c < 2 ** n; c++) {
      let heads = 0;
      for (let bits = c; bits > 0; bits >>= 1) heads += bits & 1;
      if (heads <= k) count++;
    }
    return count;
  };
  for (let n = 1; n <= 14; n++) {
    let cut = 0;
    // The interval from sample `cut` on misses if at most `cut` samples lie on one side of the true median.
    while (2 * (cut + 1) < n && 2 * cases(n, cut + 1) / 2 ** n <= 0.05) cut++;
    assertEquals(cutOf(n), cut, `${n} samples`);
    const samples = Array.from({ length: n }, (_, k) => (k * 5) % n + n);
    const sorted = samples.toSorted((a, b) => a - b);
    assertEquals(medianInterval(samples), { low: sorted[cut], high: sorted[n - 1 - cut] });
  }
});

Deno.test("ratios are of samples of one round", () => {
  assertEquals(ratiosTo([2, 4], [6, 6, 6]), [3, 1.5]);
  assertEquals(ratiosTo([2, 4, 8], [6]), [3]);
});
