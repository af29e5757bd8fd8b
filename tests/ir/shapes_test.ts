import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { add, buffer, ceilDiv, constant, type ExprLike, mul, store, variable } from "../../lib/ir/build.ts";
import { IrError } from "../../lib/ir/error.ts";
import type { Var } from "../../lib/ir/expr.ts";
import { PrimFunc } from "../../lib/ir/func.ts";
import { countElements, type Shapes, solveShapes } from "../../lib/ir/shapes.ts";

const m = variable("m"), n = variable("n"), k = variable("k");

/** A program over shape variables, of inputs A, B, D with these shapes. */
function program(vars: readonly Var[], ...shapes: readonly (readonly ExprLike[])[]): PrimFunc {
  const out = buffer("out", [1]);
  const inputs = shapes.map((shape, i) => buffer("ABD".charAt(i), shape));
  return new PrimFunc("f", [...inputs, out], vars, [], store(out, [constant(0)], constant(1, "f32")));
}

const solve = (f: PrimFunc, lengths: Readonly<Record<string, number>>, given?: Shapes) =>
  solveShapes(f, (name) => lengths[name], given);

Deno.test("shapes follow from lengths, one input from another's", () => {
  assertEquals(solve(program([m], [m, 8]), { A: 24 }), { m: 3 });
  assertEquals(solve(program([m, n], [m, n], [n]), { A: 24, B: 8 }), { m: 3, n: 8 });
  assertEquals(solve(program([m, n, k], [m, n, k], [m, k], [m]), { A: 30, B: 15, D: 3 }), {
    m: 3,
    n: 2,
    k: 5,
  });
  assertEquals(solve(program([m, n], [ceilDiv(m, 4), n], [m]), { A: 6, B: 9 }), { m: 9, n: 2 });
  assertEquals(solve(program([], [4, 8]), { A: 32 }), {});
});

Deno.test("whatever the shapes, lengths tell them", () => {
  const f = program([m, n, k], [m, n], [n, 3, k], [k]);
  const size = fc.integer({ min: 1, max: 5000 });
  fc.assert(fc.property(size, size, size, (m, n, k) => {
    assertEquals(solve(f, { A: m * n, B: n * k * 3, D: k }), { m, n, k });
  }));
});

Deno.test("given shapes count, and the others follow", () => {
  const f = program([m, n], [m, n]);
  assertEquals(solve(f, { A: 24 }, { m: 4 }), { m: 4, n: 6 });
  assertEquals(solve(f, {}, { m: 4, n: 5 }), { m: 4, n: 5 });
  assertEquals(solve(f, { A: 24 }, { m: 4, n: 5 }), { m: 4, n: 5 });
});

Deno.test("shapes that cannot be told, or that cannot be, are refused", () => {
  const refused = (f: PrimFunc, lengths: Readonly<Record<string, number>>, given: Shapes, says: string) =>
    assertThrows(() => solve(f, lengths, given), IrError, says);
  const one = program([m], [m]);
  refused(
    program([m, n], [m, n]),
    { A: 24 },
    {},
    "cannot tell m of f from its inputs' lengths: give shapes { m: … }",
  );
  refused(program([m], [mul(m, 4)]), { A: 24 }, {}, "cannot tell m of f");
  refused(one, {}, {}, "cannot tell m of f");
  refused(program([m], [m, 8]), { A: 25 }, {}, "f with m = 3.125: shape variables are positive integers");
  refused(one, { A: 0 }, {}, "f with m = 0");
  refused(one, {}, { m: -1 }, "f with m = -1");
  refused(one, {}, { m: NaN }, "f with m = NaN");
  refused(one, {}, { m: 1, x: 3 }, "cannot give f a shape x: its shape variables are m");
  refused(program([], [4]), {}, { m: 3 }, "cannot give f a shape m: its shape variables are none");
});

Deno.test("variables may be called like methods of objects", () => {
  const odd = variable("constructor");
  assertEquals(Object.entries(solve(program([odd], [odd]), { A: 7 })), [["constructor", 7]]);
});

Deno.test("elements are the product of the dimensions", () => {
  assertEquals(countElements([constant(4), m, add(n, 1)], { m: 3, n: 1 }), 24);
  assertEquals(countElements([], {}), 1);
  assertThrows(() => countElements([m], {}), IrError, "shape variable m has no value");
});
