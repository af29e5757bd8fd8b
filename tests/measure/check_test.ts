import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { checkOutput } from "../../lib/measure/check.ts";
import { poisoned } from "../../lib/runtime/arrays.ts";

/** Some reference values and the same as a device would hold them. */
function sample(n: number): { readonly reference: Float64Array; readonly result: Float32Array<ArrayBuffer> } {
  const reference = Float64Array.from({ length: n }, (_, i) => Math.sin(i * 1.7) * 3);
  return { reference, result: Float32Array.from(reference) };
}

Deno.test("rounding is no error, and is told as the largest one", () => {
  const { reference, result } = sample(1000);
  const { wrong, maxError } = checkOutput("C", result, reference, "f32");
  assertEquals(wrong, undefined);
  assert(maxError > 0 && maxError < 1e-7);
});

Deno.test("one wrong element among many is found, wherever it is", () => {
  const { reference, result } = sample(500);
  const at = fc.nat(499), by = fc.double({ min: 1e-3, max: 1e6, noNaN: true }), sign = fc.constantFrom(-1, 1);
  fc.assert(fc.property(at, by, sign, (i, error, s) => {
    const bad = result.slice();
    bad[i] = (reference[i] as number) + s * error;
    const { wrong, maxError } = checkOutput("C", bad, reference, "f32");
    assertEquals(wrong, `C[${i}] is ${bad[i]} and not ${reference[i]}; 1 of 500 elements are wrong`);
    assert(maxError > 1e-4);
  }));
});

Deno.test("all wrong elements are counted, and the first is shown", () => {
  const { reference, result } = sample(10);
  result.fill(9, 4, 7);
  assertEquals(
    checkOutput("C", result, reference, "f32").wrong,
    `C[4] is 9 and not ${reference[4]}; 3 of 10 elements are wrong`,
  );
});

Deno.test("the tolerance grows with the element and with the scale of the output", () => {
  const within = (error: number, reference: readonly number[], precision: "f32" | "f16" = "f32") =>
    checkOutput("C", Float32Array.of((reference[0] as number) + error), reference.slice(0, 1), precision)
      .wrong === undefined;
  assert(within(1.9e-4, [1]) && !within(2.1e-4, [1]));
  assert(within(1.9e-2, [100]) && !within(2.1e-2, [100]));
  assert(within(3.9e-2, [1], "f16") && !within(4.1e-2, [1], "f16"));
  // A zero among large elements: what is left of a sum whose terms cancel.
  const cancelled = Float32Array.of(5e-4, 10), reference = [0, 10];
  assertEquals(checkOutput("C", cancelled, reference, "f32").wrong, undefined);
  assert(checkOutput("C", Float32Array.of(1e-3, 10), reference, "f32").wrong !== undefined);
});

Deno.test("where the reference is zero throughout, so must the result be", () => {
  assertEquals(checkOutput("C", new Float32Array(8), new Float64Array(8), "f32"), { maxError: 0 });
  assertEquals(checkOutput("C", new Float32Array(8).fill(-0), new Float64Array(8), "f32"), { maxError: 0 });
  const { wrong, maxError } = checkOutput("C", Float32Array.of(0, 1e-30), [0, 0], "f32");
  assertEquals(wrong, `C[1] is ${Math.fround(1e-30)} and not 0; 1 of 2 elements are wrong`);
  assertEquals(maxError, Infinity);
});

Deno.test("with bounds, an element may be off by four times its own, and NaN by nothing", () => {
  const reference = Float64Array.of(1, 100, 5), bounds = Float64Array.of(0.25, 2 ** -10, Infinity);
  const check = (...result: readonly number[]) =>
    checkOutput("C", Float32Array.from(result), reference, bounds).wrong;
  assertEquals(check(2, 100, 5), undefined);
  assertEquals(check(1, 100 - 2 ** -8, NaN), undefined);
  assertEquals(check(2.01, 100, 5), `C[0] is ${Math.fround(2.01)} and not 1; 1 of 3 elements are wrong`);
  assertEquals(check(1, 100.01, 5), `C[1] is ${Math.fround(100.01)} and not 100; 1 of 3 elements are wrong`);
  assertEquals(check(NaN, NaN, NaN), "C[0] is NaN and not 1; 2 of 3 elements are wrong");
});

Deno.test("poison is wrong wherever the reference has a value", () => {
  for (const dtype of ["f32", "f16", "i32", "u32", "bool"] as const) {
    for (const value of [0, 1]) {
      const { wrong } = checkOutput("C", poisoned(dtype, 4), [value, value, value, value], "f16");
      assert(wrong?.endsWith("4 of 4 elements are wrong"), `${dtype} ${value}`);
    }
  }
});

Deno.test("NaN and infinities must be where the reference has them", () => {
  const reference = [NaN, Infinity, -Infinity, 1];
  assertEquals(checkOutput("C", Float32Array.from(reference), reference, "f32"), { maxError: 0 });
  for (const [i, x] of [[0, 1], [1, NaN], [1, -Infinity], [2, -3e38], [3, NaN], [3, Infinity]] as const) {
    const bad = Float32Array.from(reference);
    bad[i] = x;
    const { wrong, maxError } = checkOutput("C", bad, reference, "f32");
    assertEquals(wrong?.startsWith(`C[${i}] is ${bad[i]} and not ${reference[i]};`), true, `${i} ${x}`);
    assertEquals(maxError, Infinity);
  }
});

Deno.test("what f16 can't hold may be infinite there, or its largest number; what it can hold may not", () => {
  const checked = (x: number, r: number) => checkOutput("C", Float16Array.of(x, 1), [r, 1], "f16").wrong;
  for (const x of [Infinity, 65504]) {
    for (const r of [65510, 65530, 8e4, 1e9]) {
      assertEquals([checked(x, r), checked(-x, -r)], [undefined, undefined]);
      assert(
        [checked(-x, r), checked(x, -r), checked(NaN, r), checked(6e4, 1e9)].every((w) => w !== undefined),
      );
    }
  }
  assert(checked(Infinity, 6e4) !== undefined && checked(-Infinity, -1) !== undefined);
  assert(checkOutput("C", Float32Array.of(Infinity), [8e4], "f16").wrong !== undefined);
});

Deno.test("integers are exact", () => {
  const reference = [2 ** 31 - 1, -5, 0];
  assertEquals(checkOutput("C", Int32Array.from(reference), reference, "f32"), { maxError: 0 });
  assert(checkOutput("C", Int32Array.of(2 ** 31 - 2, -5, 0), reference, "f32").wrong !== undefined);
  assert(checkOutput("C", Uint32Array.of(2 ** 32 - 1), [2 ** 32 - 2], "f16").wrong !== undefined);
});

Deno.test("a result of another length is wrong", () => {
  assertEquals(
    checkOutput("C", new Float32Array(3), [0, 0, 0, 0], "f32").wrong,
    "C has 3 elements and not 4",
  );
});
