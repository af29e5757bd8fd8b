/** Operators that make tensors of nothing or of single elements: casts, ranges, triangles, blocks. */
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { interpret } from "../../lib/interp/interpret.ts";
import { expr } from "../../mod.ts";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import { assertResults, drawn, given, shown } from "./drawn.ts";
import { tensor } from "./reference.ts";

const TYPES = ["f32", "f16", "i32", "u32", "bool"] as const;

Deno.test("cast converts between all dtypes", async () => {
  const VALUES = {
    f32: [0, -0.5, 1.75, -3.25, 1000, 3e9, -3e9],
    f16: [0, -0.5, 1.75, -3.25, 1000],
    i32: [0, -1, 7, -2048, 2 ** 31 - 1],
    u32: [0, 1, 2048, 2 ** 32 - 1],
    bool: [0, 1, 1],
  };
  const convert = {
    f32: (x: number) => Math.fround(x),
    f16: (x: number) => Math.f16round(x),
    i32: (x: number, float: boolean) =>
      float ? Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(x))) + 0 : x | 0,
    u32: (x: number, float: boolean) =>
      float ? Math.max(0, Math.min(2 ** 32 - 1, Math.trunc(x))) + 0 : x >>> 0,
    bool: (x: number) => +(x !== 0),
  };
  for (const from of TYPES) {
    for (const to of TYPES) {
      // What f16 doesn't hold is infinite there, and not a matter of this operator.
      const values = VALUES[from].filter((x) => to !== "f16" || Math.abs(x) < 65504);
      const A = given("A", [values.length], [values.length], values, from);
      const B = op.cast(A.tensor, to);
      assertEquals(shown(B), `${to}[${values.length}]`);
      const wanted = Array.from(A.array, (x) => convert[to](x, from.startsWith("f")));
      await assertResults([A], [B], [wanted], { everywhere: from !== to, exact: 1e-6 });
    }
  }
});

Deno.test("arange counts, and full repeats", async () => {
  const cases: readonly (readonly [op.ArangeOptions, readonly number[]])[] = [
    [{ stop: 4 }, [0, 1, 2, 3]],
    [{ start: 2, stop: 9, step: 3 }, [2, 5, 8]],
    [{ start: 5, stop: -2, step: -2 }, [5, 3, 1, -1]],
    [{ start: 0.5, stop: 2, step: 0.5, dtype: "f32" }, [0.5, 1, 1.5]],
    [{ stop: 1.5, dtype: "f16" }, [0, 1]],
    [{ stop: "n" }, [0, 1, 2, 3, 4, 5, 6]],
    [{ start: 1, stop: expr.mul(te.shapeVariable("n"), 2), step: 4 }, [1, 5, 9, 13]],
    [{ start: -2, stop: "n", step: 3, dtype: "f32" }, [-2, 1, 4]],
  ];
  for (const [options, wanted] of cases) {
    await assertResults([], [op.arange(options)], [wanted], { shapes: { n: 7 } });
  }
  const f = te.primFunc("f", [op.arange({ start: 3, stop: "n" })]);
  assertThrows(() => interpret(f, {}, { shapes: { n: 3 } }), Error, "because a range has numbers");
  for (
    const [dtype, value] of [["f32", -Infinity], ["f16", 0.5], ["i32", -7], ["u32", 2 ** 32 - 1], [
      "bool",
      1,
    ]] as const
  ) {
    const F = op.full(["n", 2], value, { dtype });
    assertEquals(shown(F), `${dtype}[n, 2]`);
    await assertResults([], [F], [Array<number>(6).fill(value)], { shapes: { n: 3 } });
  }
});

Deno.test("trilu keeps a triangle of each matrix", async () => {
  const shapes = { n: 3 };
  for (const upper of [true, false]) {
    for (const k of [-5, -1, 0, 2]) {
      const A = drawn("A", [2, "n", 4], { shapes, dtype: k === 2 ? "bool" : "f32" });
      const B = op.trilu(A.tensor, { upper, k });
      const wanted = tensor(
        [2, 3, 4],
        (b = 0, i = 0, j = 0) => (upper ? j - i >= k : j - i <= k) ? A.at(b, i, j) : 0,
      );
      await assertResults([A], [B], [wanted], { shapes, everywhere: k === -1 });
    }
  }
});

Deno.test("depthToSpace follows ONNX, and spaceToDepth is its inverse", async () => {
  const arb = fc.record({
    s: fc.integer({ min: 1, max: 3 }),
    channels: fc.integer({ min: 1, max: 3 }),
    mode: fc.constantFrom("DCR" as const, "CRD" as const),
  });
  const check = async (
    { s, channels, mode }: { s: number; channels: number; mode: "DCR" | "CRD" },
    everywhere: boolean,
  ) => {
    const shapes = { n: 2, h: 2 }, deep = channels * s * s;
    const A = drawn("A", ["n", deep, "h", 3], { shapes, dtype: "i32" });
    const options = { blockSize: s, mode };
    // ONNX: reshape to [n, s, s, c, h, w] or [n, c, s, s, h, w], permute, reshape.
    const wanted = tensor([2, channels, 2 * s, 3 * s], (n = 0, c = 0, Y = 0, X = 0) => {
      const y = Math.floor(Y / s), i = Y % s, x = Math.floor(X / s), j = X % s;
      return A.at(n, mode === "DCR" ? (i * s + j) * channels + c : (c * s + i) * s + j, y, x);
    });
    const B = op.depthToSpace(A.tensor, options), C = op.spaceToDepth(B, { ...options, name: "C" });
    assertEquals(C.requires, []);
    await assertResults([A], [B, C], [wanted, Array.from(A.array)], { shapes, everywhere });
  };
  await fc.assert(fc.asyncProperty(arb, (o) => check(o, false)), { numRuns: 20 });
  for (const mode of ["DCR", "CRD"] as const) await check({ s: 2, channels: 2, mode }, true);
  const S = te.placeholder("S", [1, 1, "h", 4]);
  const f = te.primFunc("f", [S, op.spaceToDepth(S, { blockSize: 2 })]);
  const run = (h: number) => interpret(f, { S: new Float32Array(4 * h) }, { shapes: { h } });
  run(4);
  assertThrows(() => run(3), Error, "because spaceToDepth has whole blocks");
});

Deno.test("values and shapes that don't fit are refused", () => {
  const A = te.placeholder("A", [1, 6, 5, 4]);
  const refused: readonly (readonly [() => te.Tensor, string])[] = [
    [
      () => op.arange({ start: 3, stop: 3 }),
      "expected a range with numbers, got none from 3 to 3 by 1, in arange",
    ],
    [() => op.arange({ stop: 3, step: 0.5 }), "expected step to be a number of i32, got 0.5, in arange"],
    [
      () => op.arange({ stop: "n", step: -1 }),
      "expected whole numbers start and step, and a step of at least 1",
    ],
    [() => op.full([2], -1, { dtype: "u32" }), "expected value to be a number of u32, got -1, in full"],
    [() => op.full([2], NaN), "expected value to be a number of f32, got NaN, in full"],
    [() => op.trilu(te.placeholder("v", [3])), "expected A of shape […, rows, columns], got [3], in trilu"],
    [
      () => op.depthToSpace(A, { blockSize: 2 }),
      "expected channels that blockSize² = 4 divides, got 6, in depthToSpace",
    ],
    [
      () => op.spaceToDepth(A, { blockSize: 2 }),
      "expected rows and columns that blockSize = 2 divides, got 5, in spaceToDepth",
    ],
    [
      () => op.depthToSpace(te.placeholder("v", [3]), { blockSize: 2 }),
      "expected A of shape [n, c, h, w], got [3]",
    ],
  ];
  for (const [build, says] of refused) assertThrows(build, te.TeError, says);
  assertThrows(() => op.cast(A, "f64" as "f32"), Error, "expected dtype of op.cast to be one of f32, f16");
  assertThrows(
    () => op.full([0], 1),
    Error,
    "expected each extent of shape of op.full to be a positive integer",
  );
});
