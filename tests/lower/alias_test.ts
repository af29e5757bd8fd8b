/** What `areApart` says of two indices holds for every two threads, by enumeration. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Analyzer } from "../../lib/arith/analyzer.ts";
import { add, constant, floorDiv, floorMod, mul, sub, variable } from "../../lib/ir/build.ts";
import type { Expr, Var } from "../../lib/ir/expr.ts";
import { printExpr } from "../../lib/ir/print.ts";
import { AliasAnalysis } from "../../lib/lower/alias.ts";
import { allValues, lanesOf } from "./enumerate.ts";

// Threads x and y differ; the workgroup g and the iteration t are the same for all threads of a workgroup.
const x = variable("x"), y = variable("y"), g = variable("g"), t = variable("t");
const threads = new Map([[x, 4], [y, 3]]), fixed = new Map([[g, 3], [t, 8]]);

function analysis(): AliasAnalysis {
  const analyzer = new Analyzer();
  for (const [v, extent] of [...threads, ...fixed]) analyzer.bind(v, constant(extent));
  return new AliasAnalysis(analyzer, (v) => fixed.has(v));
}

/** Tells whether two threads of a workgroup have a common element at some iteration. */
function meet(a: Expr, b: Expr): boolean {
  return allValues(fixed).some((same) => {
    const all = (e: Expr) =>
      new Set(allValues(threads).flatMap((own) => lanesOf(e, new Map([...same, ...own]))));
    return !all(a).isDisjointFrom(all(b));
  });
}

const ramp = (base: Expr, stride = 1): Expr => ({ kind: "ramp", dtype: "i32x4", base, stride });
const half = (at: Expr, size: number) => mul(floorMod(at, 2), size);

/** Parts of which indices are sums, each times a step. */
const PARTS: readonly Expr[] = [
  x,
  y,
  g,
  t,
  floorMod(t, 2),
  floorMod(add(t, 1), 2),
  floorMod(floorDiv(t, 2), 2),
  floorMod(x, 2),
  floorDiv(x, 2),
  floorMod(add(x, t), 3),
  floorDiv(add(g, y), 2),
];
const step = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: -8, max: 8 }));
const place = fc.record({
  steps: fc.tuple(...PARTS.map(() => step)),
  at: fc.integer({ min: 0, max: 40 }),
  stride: fc.constantFrom(0, 0, 0, 1, 2, -1),
});
type Place = typeof place extends fc.Arbitrary<infer T> ? T : never;

function indexOf({ steps, at, stride }: Place): Expr {
  const base = PARTS.reduce<Expr>((sum, part, k) => add(sum, mul(part, steps[k] ?? 0)), constant(at));
  return stride === 0 ? base : ramp(base, stride);
}

Deno.test("indices that are called apart never meet", () => {
  let apart = 0, met = 0;
  fc.assert(
    fc.property(place, place, fc.boolean(), (p, q, alike) => {
      // Indices that differ by little more than a constant are the ones that schedules make.
      const a = indexOf(p), b = indexOf(alike ? { ...p, at: q.at, stride: q.stride } : q);
      const areMet = meet(a, b), known = analysis();
      for (const said of [known.areApart(a, b), known.areApart(b, a)]) {
        assert(!(said && areMet), `${printExpr(a)} and ${printExpr(b)} meet`);
        if (said) apart++;
      }
      if (areMet) met++;
    }),
    { numRuns: 1500 },
  );
  assert(apart > 150 && met > 150, `${apart} apart, ${met} met`);
});

Deno.test("what the analysis knows is not for other fixed variables", () => {
  const analyzer = new Analyzer();
  for (const [v, extent] of [...threads, ...fixed]) analyzer.bind(v, constant(extent));
  const still = new Set<Var>([t]);
  const known = new AliasAnalysis(analyzer, (v) => still.has(v));
  const a = add(mul(t, 4), x), b = add(add(mul(t, 4), x), 4);
  assertEquals(known.areApart(a, b), true);
  still.delete(t);
  known.forget();
  assertEquals(known.areApart(a, b), false);
});

Deno.test("a half that two iterations in a row take is not the other half of the next iteration", () => {
  const written = add(half(floorDiv(t, 2), 4), x), read = add(half(floorDiv(add(t, 1), 2), 4), x);
  assert(meet(written, read));
  assertEquals(analysis().areApart(written, x), false);
  assertEquals(analysis().areApart(written, read), false);
});

const APART: Readonly<Record<string, readonly [Expr, Expr]>> = {
  "elements beside each other": [x, add(x, 4)],
  "the second half of an array": [add(x, mul(y, 4)), add(add(x, mul(y, 4)), 12)],
  "another end of an array, read backward": [x, sub(7, x)],
  "the gaps of strided elements": [mul(x, 2), add(mul(x, 2), 1)],
  "vectors in the gaps between vectors": [ramp(mul(x, 8)), ramp(add(mul(y, 8), 4))],
  "backward vectors": [ramp(add(x, 3), -1), ramp(add(x, 7))],
  "parts of a workgroup's own row": [add(mul(g, 8), x), add(add(mul(g, 8), x), 4)],
  "halves that iterations alternate between": [add(half(t, 4), x), add(half(add(t, 1), 4), x)],
  "the half of the next iteration but one, of the last one": [
    add(half(add(t, 3), 4), x),
    add(half(t, 4), x),
  ],
  "quotients and remainders": [floorDiv(x, 2), add(floorMod(x, 2), 2)],
};
for (const [name, [a, b]] of Object.entries(APART)) {
  Deno.test(`the analysis finds apart: ${name}`, () => {
    assert(!meet(a, b));
    assertEquals([analysis().areApart(a, b), analysis().areApart(b, a)], [true, true]);
  });
}
