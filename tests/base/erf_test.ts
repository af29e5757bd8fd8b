import { assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import fc from "fast-check";
import { erf } from "../../lib/base/erf.ts";

/** The integral of erf's derivative from `a` to `b` by Simpson's rule: right to 1e-15 for |b - a| <= 0.02. */
function increment(a: number, b: number): number {
  const f = (t: number) => 2 / Math.sqrt(Math.PI) * Math.exp(-t * t);
  const panels = 8, h = (b - a) / panels;
  let total = 0;
  for (let k = 0; k < panels; k++) {
    total += f(a + k * h) + 4 * f(a + (k + 0.5) * h) + f(a + (k + 1) * h);
  }
  return total * h / 6;
}

// Abramowitz and Stegun, table 7.1, and for more digits C's erf.
const TABLE = [
  [0, 0],
  [0.01, 0.011283415555849616],
  [0.1, 0.1124629160182849],
  [0.5, 0.5204998778130465],
  [1, 0.8427007929497149],
  [1.5, 0.9661051464753108],
  [2, 0.9953222650189527],
  [2.4, 0.999311486103355],
  [2.5, 0.999593047982555],
  [3, 0.9999779095030014],
  [4, 0.9999999845827421],
  [5, 0.9999999999984626],
] as const;

Deno.test("erf has the values of the tables", () => {
  for (const [x, y] of TABLE) assertAlmostEquals(erf(x), y, 2e-15, `erf(${x})`);
});

Deno.test("erf grows as the integral of its derivative does, also where its method changes", () => {
  const arb = fc.oneof(
    fc.double({ min: -4, max: 4, noNaN: true }),
    fc.double({ min: 2.48, max: 2.5, noNaN: true }),
  );
  fc.assert(
    fc.property(arb, (x) => assertAlmostEquals(erf(x + 0.02) - erf(x), increment(x, x + 0.02), 4e-15)),
  );
});

Deno.test("small arguments keep their relative precision", () => {
  fc.assert(fc.property(fc.double({ min: 1e-300, max: 1e-3, noNaN: true }), (x) => {
    const first = 2 / Math.sqrt(Math.PI) * (x - x ** 3 / 3 + x ** 5 / 10);
    assertLess(Math.abs(erf(x) / first - 1), 1e-15);
  }));
});

Deno.test("erf is odd, stays within -1 … 1, and ends there", () => {
  fc.assert(fc.property(fc.double({ noNaN: true }), (x) => {
    assertEquals(erf(-x), -erf(x));
    assertLess(Math.abs(erf(x)), 1 + 1e-15);
  }));
  assertEquals([erf(Infinity), erf(-Infinity), erf(30), erf(NaN)], [1, -1, 1, NaN]);
});
