/** What `isInjective` says of an index holds for every pair of values, by enumeration. */
import { assert } from "@std/assert";
import fc from "fast-check";
import { Analyzer } from "../../lib/arith/analyzer.ts";
import { add, constant, mul, variable } from "../../lib/ir/build.ts";
import { isInjective } from "../../lib/lower/injectivity.ts";

const names = ["v", "u", "w"] as const;
const arb = fc.record({
  steps: fc.tuple(
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: -12, max: 12 }),
    fc.integer({ min: 0, max: 40 }),
  ),
  extents: fc.tuple(
    fc.integer({ min: 2, max: 6 }),
    fc.integer({ min: 1, max: 6 }),
    fc.integer({ min: 1, max: 4 }),
  ),
});

/** Tells whether two values of the first variable give one index, for some values of the others. */
function collides(steps: readonly number[], [n = 1, m = 1, l = 1]: readonly number[]): boolean {
  const [a = 0, b = 0, c = 0] = steps;
  const owner = new Map<number, number>();
  for (let v = 0; v < n; v++) {
    for (let u = 0; u < m; u++) {
      for (let w = 0; w < l; w++) {
        const index = a * v + b * u + c * w, first = owner.get(index);
        if (first !== undefined && first !== v) return true;
        owner.set(index, v);
      }
    }
  }
  return false;
}

Deno.test("an index that is called injective has no collision", () => {
  let said = 0;
  fc.assert(
    fc.property(arb, ({ steps, extents }) => {
      const vars = names.map((name) => variable(name));
      const analyzer = new Analyzer();
      vars.forEach((v, k) => analyzer.bind(v, constant(extents[k] ?? 1)));
      const index = vars.map((v, k) => mul(v, steps[k] ?? 0)).reduce((p, q) => add(p, q));
      const [v] = vars;
      if (!v || !isInjective([index], v, analyzer)) return;
      said++;
      assert(!collides(steps, extents), `${steps} over ${extents}`);
    }),
    { numRuns: 3000 },
  );
  assert(said > 300, `only ${said} of 3000 were called injective`);
});
