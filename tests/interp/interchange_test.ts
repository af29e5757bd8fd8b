import { assertEquals, assertStrictEquals } from "@std/assert";
import { interchanged } from "../../lib/interp/interchange.ts";
import { interpret } from "../../lib/interp/interpret.ts";
import { gemv, matmul, reduceSum, softmax } from "../../lib/face/te.ts";
import {
  add,
  block,
  buffer,
  constant,
  type ExprLike,
  forLoop,
  iterVar,
  load,
  mul,
  store,
  variable,
} from "../../lib/ir/build.ts";
import { PrimFunc } from "../../lib/ir/func.ts";
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

Deno.test("a loop whose extent depends on another one stays inside of it", () => {
  const n = 5;
  const A = buffer("A", [n]), B = buffer("B", [n, n]), C = buffer("C", [n]);
  /** C[j] sums A[k]·B[k, j] for k below `terms(j)`. */
  const triangle = (terms: (j: ReturnType<typeof variable>) => ExprLike) => {
    const [j, k, vj, vk] = ["j", "k", "vj", "vk"].map((name) => variable(name)) as [
      ReturnType<typeof variable>,
      ReturnType<typeof variable>,
      ReturnType<typeof variable>,
      ReturnType<typeof variable>,
    ];
    const product = add(load(C, vj), mul(load(A, vk), load(B, vk, vj)));
    const inner = block("C", [iterVar(vj, n), iterVar(vk, n, "reduce")], [j, k], store(C, [vj], product), {
      init: store(C, [vj], constant(0, "f32")),
    });
    return new PrimFunc("f", [A, B, C], [], [], forLoop(j, n, forLoop(k, terms(j), inner)));
  };
  const a = Float64Array.from({ length: n }, Math.random),
    b = Float64Array.from({ length: n * n }, Math.random);
  for (
    const [terms, count] of [[() => n, () => n], [(j: ExprLike) => add(j, 1), (j: number) => j + 1]] as const
  ) {
    const want = Float64Array.from({ length: n }, (_, j) => {
      let total = 0;
      for (let k = 0; k < count(j); k++) total += a[k]! * b[k * n + j]!;
      return total;
    });
    assertEquals(interpret(triangle(terms), { A: a, B: b }).C, want);
  }
});
