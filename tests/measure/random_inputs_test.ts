import * as te from "../../lib/face/te.ts";
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { ScalarType } from "../../lib/ir/dtype.ts";
import { median } from "../../lib/base/statistics.ts";
import { randomInputs } from "../../lib/measure/random_inputs.ts";
import { ARRAYS } from "../../lib/runtime/arrays.ts";
import { compute } from "../../lib/te/compute.ts";
import { placeholder } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";

function copies(dtype: ScalarType, n: number) {
  const A = placeholder("A", [n], dtype);
  return primFunc("copy", [A, compute("B", [n], (i) => A.at(i))]);
}

Deno.test("the same seed gives the same inputs, another seed others", () => {
  const func = te.matmul({ m: 8, n: 8, k: 8 });
  assertEquals(randomInputs(func, 7), randomInputs(func, 7));
  assertNotEquals(randomInputs(func, 7), randomInputs(func, 8));
  assertNotEquals(randomInputs(func, -1), randomInputs(func, 0));
});

Deno.test("two inputs of one shape differ", () => {
  const { A, B } = randomInputs(te.matmul({ m: 8, n: 8, k: 8 }), 0);
  assert(A && B);
  assert(A.every((x, i) => x !== B[i]));
});

Deno.test("only inputs are drawn, with their dtype's array and the length that the shapes give", () => {
  const inputs = randomInputs(te.softmax({ rows: "n", columns: 4 }), 0, { n: 6 });
  assertEquals(Object.keys(inputs), ["A"]);
  assertEquals(inputs.A?.length, 24);
  for (const dtype of ["f32", "f16", "i32", "u32", "bool"] as const) {
    assert(randomInputs(copies(dtype, 4), 0).A instanceof ARRAYS[dtype]);
  }
});

Deno.test("values fill the range of their dtype evenly", () => {
  const n = 20_000;
  const ranges = {
    f32: [-1, 1],
    f16: [-1, 1],
    i32: [-100, 99],
    u32: [0, 2 ** 32 - 1],
    bool: [0, 1],
  } as const;
  for (const [dtype, [low, high]] of Object.entries(ranges)) {
    const values = Array.from(randomInputs(copies(dtype as ScalarType, n), 1).A ?? []);
    assert(values.every((x) => x >= low && x <= high), dtype);
    const quarter = (x: number) => Math.min(3, Math.floor((x - low) / (high - low) * 4));
    const counts = [0, 1, 2, 3].map((q) => values.filter((x) => quarter(x) === q).length);
    const share = dtype === "bool" ? [0.5, 0, 0, 0.5] : [0.25, 0.25, 0.25, 0.25];
    assert(counts.every((c, q) => Math.abs(c / n - (share[q] ?? 0)) < 0.02), `${dtype}: ${counts}`);
  }
});

Deno.test("the median is the middle sample, or between the two", () => {
  assertEquals([median([3, 1, 2]), median([4, 1, 3, 2]), median([5]), median([])], [2, 2.5, 5, NaN]);
});
