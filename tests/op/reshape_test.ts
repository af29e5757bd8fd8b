/** Operators that keep the elements in their order: the reference is the input itself. */
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { interpret } from "../../lib/interp/interpret.ts";
import { expr } from "../../mod.ts";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import { assertResults, type Drawn, drawn, shown } from "./drawn.ts";
import { arbSeed } from "./reference.ts";

const same = (A: Drawn) => [Array.from(A.array)];

/** A shape, and another one that splits and joins the same prime factors. */
const arbShapes = fc.tuple(
  fc.array(fc.constantFrom(1, 2, 3, 2), { maxLength: 5 }),
  fc.array(fc.nat(4)),
  fc.array(fc.nat(4)),
)
  .map(([primes, ...cuts]) =>
    cuts.map((c) => {
      const shape: number[] = [];
      primes.forEach((p, k) =>
        c.includes(k) || shape.length === 0 ? shape.push(p) : shape.push((shape.pop() ?? 1) * p)
      );
      return shape;
    })
  );
const arbType = fc.constantFrom("f32", "f16", "i32", "u32", "bool");

Deno.test("reshape keeps the order of the elements", async () => {
  await fc.assert(
    fc.asyncProperty(
      arbShapes,
      arbType,
      arbSeed,
      fc.nat(5),
      async ([from = [], to = []], dtype, seed, open) => {
        const A = drawn("A", from, { dtype, seed });
        const shape = to.map((d, k) => k === open ? -1 : d);
        const B = op.reshape(A.tensor, shape);
        assertEquals([B.dtype, shown(B)], [dtype, `${dtype}[${to.join(", ")}]`]);
        await assertResults([A], [B], same(A), { everywhere: false });
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("reshape takes symbolic extents apart where they show", async () => {
  const shapes = { n: 4, m: 3 }, n = te.shapeVariable("n"), m = te.shapeVariable("m");
  const A = drawn("A", ["n", 6, "m"], { shapes });
  const cases: readonly (readonly [readonly (te.ExprLike | string)[], string])[] = [
    [["n", -1], "f32[n, 6*m]"],
    [[-1, "m"], "f32[6*n, m]"],
    [["n", 2, 3, "m"], "f32[n, 2, 3, m]"],
    [[-1], "f32[6*n*m]"],
    [["m", 2, -1], "f32[m, 2, 3*n]"],
    [[expr.mul(n, 3), expr.mul(m, 2)], "f32[n*3, m*2]"],
    [[1, "n", 1, 6, "m", 1], "f32[1, n, 1, 6, m, 1]"],
  ];
  for (const [shape, says] of cases) {
    const B = op.reshape(A.tensor, shape);
    assertEquals([shown(B), B.requires], [says, []]);
    await assertResults([A], [B], same(A), { shapes });
  }
});

Deno.test("a run whose elements don't fit the new shape is refused", async () => {
  const A = drawn("A", ["n", 5], { shapes: { n: 6 } });
  const B = op.reshape(A.tensor, [-1, 3]), C = op.reshape(A.tensor, ["a", "b"], { name: "C" });
  await assertResults([A], [B], same(A), { shapes: { n: 6 } });
  await assertResults([A], [C], same(A), { shapes: { n: 6, a: 15, b: 2 } });
  const f = te.primFunc("f", [A.tensor, B]), g = te.primFunc("g", [A.tensor, C]);
  const wrong = new Float32Array(20);
  assertThrows(
    () => interpret(f, { A: wrong }, { shapes: { n: 4 } }),
    Error,
    "because the result of reshape has",
  );
  for (const a of [2, 7]) {
    assertThrows(
      () => interpret(g, { A: wrong }, { shapes: { n: 4, a, b: 3 } }),
      Error,
      "because the result of reshape has the elements of A",
    );
  }
});

Deno.test("flatten, squeeze and expandDims are reshapes", async () => {
  const shapes = { n: 3 }, A = drawn("A", ["n", 1, 4, 1], { shapes, dtype: "i32" });
  const cases: readonly (readonly [te.Tensor, string])[] = [
    [op.flatten(A.tensor), "i32[n, 4]"],
    [op.flatten(A.tensor, { axis: 0 }), "i32[1, 4*n]"],
    [op.flatten(A.tensor, { axis: 4 }), "i32[4*n, 1]"],
    [op.flatten(A.tensor, { axis: -1 }), "i32[4*n, 1]"],
    [op.squeeze(A.tensor), "i32[n, 4]"],
    [op.squeeze(A.tensor, { axis: [1] }), "i32[n, 4, 1]"],
    [op.squeeze(A.tensor, { axis: -1, name: "C" }), "i32[n, 1, 4]"],
    [op.expandDims(A.tensor, { axis: 0 }), "i32[1, n, 1, 4, 1]"],
    [op.expandDims(A.tensor, { axis: [-1, 1] }), "i32[n, 1, 1, 4, 1, 1]"],
  ];
  for (const [B, says] of cases) {
    assertEquals(shown(B), says);
    await assertResults([A], [B], same(A), { shapes, everywhere: says === "i32[4*n, 1]" });
  }
  const scalar = drawn("s", []);
  await assertResults([scalar], [op.expandDims(scalar.tensor, { axis: [0, 1] })], same(scalar));
  const one = drawn("o", [1, 1]);
  await assertResults([one], [op.squeeze(one.tensor)], same(one));
});

Deno.test("shapes that don't fit are refused", () => {
  const A = te.placeholder("A", [4, 3]), S = te.placeholder("S", ["n", 1]);
  const refused: readonly (readonly [() => te.Tensor, string])[] = [
    [
      () => op.reshape(A, [5, 2]),
      "expected a shape of the 12 elements of A's [4, 3], got [5, 2], in reshape",
    ],
    [
      () => op.reshape(A, [5, -1]),
      "expected a shape whose extents divide the 12 elements of A's [4, 3], got [5, -1], in reshape",
    ],
    [() => op.reshape(A, [-1, -1]), "expected at most one -1 in shape, got 2, in reshape"],
    [() => op.reshape(A, [0, 12]), "expected each extent of shape of op.reshape to be a positive integer"],
    [() => op.flatten(A, { axis: 3 }), "expected axis from -2 to 2 for A of shape [4, 3], got 3, in flatten"],
    [() => op.squeeze(S, { axis: [0] }), "expected dimension 0 of A to be 1, got n of [n, 1], in squeeze"],
    [
      () => op.squeeze(S, { axis: [1, -1] }),
      "expected each axis once for A of shape [n, 1], got [1, -1], in squeeze",
    ],
    [
      () => op.expandDims(A, { axis: [4] }),
      "expected axes from -3 to 2 for a result of 3 dimensions, got 4, in expandDims",
    ],
    [() => op.expandDims(A, { axis: [0, -4] }), "expected each axis once, got [0, -4], in expandDims"],
    [() => op.permuteDims(A, { axes: [1] }), "expected 2 axes, one for each axis, got 1, in permuteDims"],
    [() => op.permuteDims(A, { axes: [1, 1] }), "expected each axis once for A of shape [4, 3], got [1, 1]"],
    [
      () => op.broadcastTo(A, [4, 4]),
      "expected a shape that A's [4, 3] fits, got [4, 4], in broadcastTo: from the last dimension on",
    ],
    [() => op.broadcastTo(A, [3]), "expected a shape that A's [4, 3] fits, got [3], in broadcastTo"],
  ];
  for (const [build, says] of refused) assertThrows(build, te.TeError, says);
});
