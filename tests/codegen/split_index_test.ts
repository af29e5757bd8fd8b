/** An index of an array of vectors, split: vector and lane lead to the same element. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { rampLanes, splitIndex } from "../../lib/codegen/split_index.ts";
import { add, mul, variable } from "../../lib/ir/build.ts";
import type { Expr } from "../../lib/ir/expr.ts";

const vars = [variable("i"), variable("j")];

/** The value of an index expression, in 32 bits. */
function valueOf(e: Expr | number, at: readonly number[]): number {
  if (typeof e === "number") return e;
  if (e.kind === "const") return e.value;
  if (e.kind === "var") return at[vars.indexOf(e)] as number;
  assert(e.kind === "binary", e.kind);
  const a = valueOf(e.a, at), b = valueOf(e.b, at);
  switch (e.op) {
    case "add":
      return (a + b) | 0;
    case "sub":
      return (a - b) | 0;
    case "mul":
      return Math.imul(a, b);
    case "shr":
      return a >> b;
    case "bitand":
      return a & b;
    case "floordiv":
      return Math.floor(a / b);
    default:
      throw new Error(`an index with ${e.op}`);
  }
}

const arb = (most: number) =>
  fc.record({
    steps: fc.tuple(fc.constantFrom(0, 1, 2, 4, 8, 12, -4), fc.constantFrom(0, 1, 3, 4, 16)),
    start: fc.integer({ min: -9, max: 9 }),
    at: fc.tuple(fc.integer({ min: -most, max: most }), fc.integer({ min: -most, max: most })),
  });

for (const wraps of [false, true]) {
  Deno.test(`vector and lane are those of the index${wraps ? ", which may wrap around" : ""}`, () => {
    fc.assert(
      fc.property(arb(wraps ? 2 ** 31 - 1 : 1000), ({ steps, start, at }) => {
        const index = add(add(mul(vars[0] as Expr, steps[0]), mul(vars[1] as Expr, steps[1])), start);
        const flat = (Math.imul(at[0], steps[0]) + Math.imul(at[1], steps[1]) + start) | 0;
        const { vector, lane } = splitIndex(index, wraps);
        assertEquals([valueOf(vector, at), valueOf(lane, at)], [flat >> 2, flat & 3]);
        // All threads have one lane where every step is of whole vectors.
        assertEquals(typeof lane === "number", steps.every((s) => s % 4 === 0));
      }),
      { numRuns: 1000 },
    );
  });
}

Deno.test("a ramp is four indices, one step apart", () => {
  assertEquals(rampLanes(vars[0] as Expr, 3).map((e) => valueOf(e, [5, 0])), [5, 8, 11, 14]);
});
