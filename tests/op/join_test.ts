/** Operators that join and split tensors, against positions written out in the test. */
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { interpret } from "../../lib/interp/interpret.ts";
import { expr } from "../../mod.ts";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import { assertResults, drawn, shown } from "./drawn.ts";
import { arbSeed, tensor } from "./reference.ts";

const arbType = fc.constantFrom("f32", "f16", "i32", "u32", "bool");
const arbSmall = fc.integer({ min: 1, max: 4 });

Deno.test("concat joins any number of tensors along any axis", async () => {
  const arb = fc.record({
    extents: fc.array(arbSmall, { minLength: 1, maxLength: 4 }),
    others: fc.tuple(arbSmall, arbSmall),
    axis: fc.integer({ min: -3, max: 2 }),
    symbolic: fc.boolean(),
    dtype: arbType,
    seed: arbSeed,
  });
  await fc.assert(
    fc.asyncProperty(arb, async ({ extents, others, axis, symbolic, dtype, seed }) => {
      const shapes = Object.fromEntries(extents.map((n, k) => [`n${k}`, n])), d = axis < 0 ? axis + 3 : axis;
      const inputs = extents.map((n, k) => {
        const shape: (number | string)[] = [...others];
        shape.splice(d, 0, symbolic ? `n${k}` : n);
        return drawn("ABCD".charAt(k), shape, { dtype, seed, shapes });
      });
      const B = op.concat(inputs.map((A) => A.tensor), { axis, name: "R" });
      assertEquals(B.requires, []);
      const all: number[] = [...others];
      all.splice(d, 0, extents.reduce((a, b) => a + b));
      const wanted = tensor(all, (...at) => {
        let rest = at[d] ?? NaN, k = 0;
        while (rest >= (extents[k] ?? Infinity)) rest -= extents[k++] ?? NaN;
        return inputs[k]?.at(...at.with(d, rest)) ?? NaN;
      });
      await assertResults(inputs, [B], [wanted], { shapes, everywhere: false });
    }),
    { numRuns: 50 },
  );
  const shapes = { n: 3, m: 2 }, A = drawn("A", ["n", 4], { shapes }), B = drawn("B", ["m", 4], { shapes });
  const C = op.concat([A.tensor, B.tensor], { name: "C" });
  assertEquals(shown(C), "f32[n+m, 4]");
  await assertResults([A, B], [C], [[...A.array, ...B.array]], { shapes });
});

Deno.test("stack joins along a new axis", async () => {
  const shapes = { n: 3 };
  for (const [axis, d] of [[0, 0], [1, 1], [-1, 2], [-3, 0]] as const) {
    const inputs = ["A", "B", "C"].map((name) => drawn(name, ["n", 2], { shapes, dtype: "i32" }));
    const all = [3, 2].toSpliced(d, 0, 3);
    const wanted = tensor(all, (...at) => inputs[at[d] ?? NaN]?.at(...at.toSpliced(d, 1)) ?? NaN);
    const S = op.stack(inputs.map((A) => A.tensor), { axis, name: "S" });
    await assertResults(inputs, [S], [wanted], { shapes, everywhere: axis === 1 });
  }
});

Deno.test("split gives the parts in order", async () => {
  const shapes = { n: 4, m: 3 }, n = te.shapeVariable("n");
  const A = drawn("A", [2, 6], { dtype: "bool" });
  const part = (D: typeof A, from: number, size: number) =>
    tensor([2, size], (i = 0, j = 0) => D.at(i, from + j));
  const thirds = op.split(A.tensor, { sections: 3, axis: 1 });
  assertEquals(thirds.map((t) => [t.name, shown(t)]), [0, 1, 2].map((k) => [`B${k}`, "bool[2, 2]"]));
  await assertResults([A], thirds, [part(A, 0, 2), part(A, 2, 2), part(A, 4, 2)]);
  const sized = op.split(A.tensor, { sizes: [1, 2, 3], axis: -1, name: "p" });
  await assertResults([A], sized, [part(A, 0, 1), part(A, 1, 2), part(A, 3, 3)]);

  const S = drawn("S", [2, "n"], { shapes });
  const halves = op.split(S.tensor, { sections: 2, axis: 1 });
  await assertResults([S], halves, [part(S, 0, 2), part(S, 2, 2)], { shapes });
  const cut = op.split(S.tensor, { sizes: ["m", expr.sub(n, te.shapeVariable("m"))], axis: 1 });
  const f = te.primFunc("f", [S.tensor, ...cut]);
  const got = interpret(f, { S: S.array }, { shapes });
  assertEquals([Array.from(got["B0"] ?? []), Array.from(got["B1"] ?? [])], [part(S, 0, 3), part(S, 3, 1)]);
  const g = te.primFunc("g", [S.tensor, ...halves]);
  assertThrows(
    () => interpret(g, { S: new Float32Array(6) }, { shapes: { n: 3 } }),
    Error,
    "expected n to be up to 2 ((n // 2) * 2), because split makes 2 equal parts, got 3",
  );
});

Deno.test("extents of different names must be equal in a run", () => {
  const A = te.placeholder("A", ["n", 2]), B = te.placeholder("B", ["m", 2]);
  for (const joined of [op.stack([A, B], { name: "S" }), op.concat([A, B], { axis: 1, name: "S" })]) {
    const f = te.primFunc("f", [A, B, joined]);
    const run = (n: number, m: number) =>
      interpret(f, { A: new Float32Array(2 * n), B: new Float32Array(2 * m) }, { shapes: { n, m } });
    run(3, 3);
    assertThrows(() => run(2, 3), Error, "have one shape");
    assertThrows(() => run(3, 2), Error, "have one shape");
  }
});

Deno.test("tensors that don't join are refused", () => {
  const A = te.placeholder("A", [4, 3]),
    B = te.placeholder("B", [4, 2]),
    H = te.placeholder("H", [4, 3], "f16");
  const refused: readonly (readonly [() => unknown, string])[] = [
    [
      () => op.concat([A, B]),
      "expected tensors[1] of tensors[0]'s shape [4, 3] in all dimensions except 0, got [4, 2], in concat",
    ],
    [() => op.concat([A, H]), "expected tensors[1] of f32 as tensors[0] is, got f16, in concat; cast it"],
    [
      () => op.concat([A, A], { axis: 2 }),
      "expected axis from -2 to 1 for A of shape [4, 3], got 2, in concat",
    ],
    [() => op.stack([A, B]), "expected tensors[1] of tensors[0]'s shape [4, 3], got [4, 2], in stack"],
    [() => op.split(A, { sections: 3 }), "expected sections that divide 4, got 3, in split"],
    [() => op.split(A, { sizes: [1, 2] }), "expected sizes that add up to 4, got 3, in split"],
    [() => op.split(A, {}), "expected either sections or sizes, got neither, in split"],
    [
      () => op.split(A, { sections: 2, sizes: [2, 2] }),
      "expected either sections or sizes, got both, in split",
    ],
  ];
  for (const [build, says] of refused) assertThrows(build, te.TeError, says);
  assertThrows(
    () => op.concat([]),
    Error,
    "expected tensors of op.concat to be a list whose length is at least 1",
  );
});
