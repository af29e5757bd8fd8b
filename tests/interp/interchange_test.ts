import { assertEquals, assertStrictEquals } from "@std/assert";
import { interchanged } from "../../lib/interp/interchange.ts";
import { interpret } from "../../lib/interp/interpret.ts";
import { gemv, matmul, reduceSum, softmax } from "../../lib/face/te.ts";
import { blocksOf } from "../../lib/schedule/find.ts";

const order = (f: ReturnType<typeof matmul>) =>
  blocksOf(interchanged(f).body).map(({ loops }) => loops.map((l) => l.var.name).join(" "));

Deno.test("a reduction that reads across rows gets the loop along them inside", () => {
  assertEquals(order(matmul({ m: 4, n: 5, k: 6 })), ["i k j"]);
  assertEquals(order(gemv({ n: 4, k: 5, transposeA: true })), ["k i"]);
  assertEquals(order(reduceSum({ rows: 4, columns: 5, axis: 0 })), ["k i"]);
});

Deno.test("what walks through memory already stays as it is", () => {
  for (const f of [matmul({ m: 4, n: 5, k: 6, transposeB: true }), softmax({ rows: 3, columns: 4 })]) {
    assertStrictEquals(interchanged(f).body, f.body);
  }
});

Deno.test("results are those of the textbook's loops, to the last bit", () => {
  const [m, n, k] = [5, 7, 11];
  const A = Float64Array.from({ length: m * k }, Math.random),
    B = Float64Array.from({ length: k * n }, Math.random);
  const C = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      for (let l = 0; l < k; l++) C[i * n + j]! += A[i * k + l]! * B[l * n + j]!;
    }
  }
  assertEquals(interpret(matmul({ m, n, k }), { A, B }).C, C);
});
