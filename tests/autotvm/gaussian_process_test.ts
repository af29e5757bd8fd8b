import { assert, assertAlmostEquals, assertGreater, assertLess } from "@std/assert";
import { fitScales, GaussianProcess } from "../../lib/autotvm/gaussian_process.ts";
import { Rng } from "../../lib/base/random.ts";

const rng = Rng.of(3);
const rows = Array.from({ length: 40 }, () => Float64Array.from({ length: 3 }, () => rng.float()));
/** The first feature matters much, the second a little, the third not at all. */
const truth = ([a = 0, b = 0]: Float64Array) => 10 + 5 * Math.sin(4 * a) + b;
const targets = rows.map(truth);
const scales = fitScales(rows, targets, { passes: 3 });
const process = new GaussianProcess(rows, targets, scales);
const beliefOf = (row: Float64Array) => process.belief(process.solve(row));

Deno.test("it believes what it was told, and is surer there than elsewhere", () => {
  rows.forEach((row, i) => assertAlmostEquals(beliefOf(row).mean, targets[i] ?? NaN, 0.2));
  const far = beliefOf(Float64Array.of(5, 5, 0)).deviation;
  assert(rows.every((row) => beliefOf(row).deviation < far / 4));
});

Deno.test("it foretells points between those that it was told", () => {
  for (let i = 0; i < 20; i++) {
    const row = Float64Array.from({ length: 3 }, () => 0.1 + 0.8 * rng.float());
    const { mean, deviation } = beliefOf(row);
    assertLess(Math.abs(mean - truth(row)), 0.3 + 3 * deviation);
    assertLess(Math.abs(mean - truth(row)), 1);
  }
});

Deno.test("far from all it goes back to the mean", () => {
  const mean = targets.reduce((a, b) => a + b, 0) / targets.length;
  assertAlmostEquals(beliefOf(Float64Array.of(1e3, 1e3, 1e3)).mean, mean, 1e-6);
});

Deno.test("a feature that does nothing gets a longer length than the one that does most", () => {
  const [first = 0, , third = 0] = scales.lengths;
  assertGreater(third, 2 * first);
});

Deno.test("an observation's covariance with what was observed is all explained but for noise", () => {
  const [row = new Float64Array()] = rows;
  const solved = process.solve(row);
  assertLess(process.covariance(row, solved, row, solved), 2 * scales.noise);
});

Deno.test("equal targets are no cause of alarm", () => {
  const flat = new GaussianProcess(
    rows,
    rows.map(() => 2),
    fitScales(rows, rows.map(() => 2), { passes: 1 }),
  );
  assertAlmostEquals(flat.belief(flat.solve(Float64Array.of(0.5, 0.5, 0.5))).mean, 2, 1e-9);
});
