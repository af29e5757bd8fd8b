/** How results depend on inputs, for programs of each kind. */
import { assertEquals } from "@std/assert";
import { add, floorMod, mul, sub } from "../../lib/ir/build.ts";
import type { Expr } from "../../lib/ir/expr.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { patternOf } from "../../lib/relax/pattern_of.ts";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";

const A = te.placeholder("A", ["n", 4]), B = te.placeholder("B", ["n", 4]), b = te.placeholder("b", [4]);
const map = (value: (i: Expr, j: Expr) => Expr): PrimFunc =>
  te.primFunc("map", [A, B, b, te.compute("Y", ["n", 4], (i, j) => value(i as Expr, j as Expr))]);

/** The kind of each program, those of its inputs' paths, and whether it only moves elements. */
const KINDS: readonly (readonly [PrimFunc, string, Readonly<Record<string, string>>, boolean])[] = [
  [map((i, j) => mul(A.at(i, j), B.at(i, j))), "elementWise", { A: "elementWise", B: "elementWise" }, false],
  [map((i, j) => add(A.at(i, j), b.at(j))), "broadcast", { A: "elementWise", b: "broadcast" }, false],
  [map((i, j) => A.at(i, floorMod(add(j, 1), 4))), "injective", { A: "injective" }, true],
  [map((i, j) => sub(A.at(i, j), A.at(i, 0))), "broadcast", { A: "broadcast" }, false],
  [te.transpose({ rows: 3, columns: 4 }), "injective", { A: "injective" }, true],
  [
    te.embedding({ rows: 3, vocabulary: 9, columns: 4 }),
    "injective",
    { W: "injective", ids: "broadcast" },
    true,
  ],
  [
    te.dequantizeQ4({ n: 3, k: 64, layout: "q4f32_1" }),
    "injective",
    { W_q: "injective", W_scale: "injective" },
    true,
  ],
  [te.reduceSum({ rows: 3, columns: 4 }), "commReduce", { A: "commReduce" }, false],
  [te.softmax({ rows: 3, columns: 4 }), "commReduce", { A: "commReduce" }, false],
  [te.rmsNorm({ rows: 3, columns: 4 }), "commReduce", { A: "commReduce", weight: "broadcast" }, false],
  [
    te.matmul({ m: 3, n: 4, k: 5, bias: true }),
    "outEWiseFusable",
    { A: "outEWiseFusable", B: "outEWiseFusable", bias: "broadcast" },
    false,
  ],
  [
    te.attention({ queries: 2, length: 4, heads: 2, kvHeads: 1, headDim: 4 }),
    "opaque",
    { Q: "opaque", K: "opaque", V: "opaque" },
    false,
  ],
  [
    te.primFunc("cast", [
      A,
      op.relu(A, { name: "h" }),
      te.compute("Y", [4, "n"], (j, i) => A.at(i as Expr, j as Expr)),
    ]),
    "injective",
    { A: "injective" },
    false,
  ],
];

for (const [k, [func, kind, inputs, moves]] of KINDS.entries()) {
  Deno.test(`program ${k}, ${func.name}, is ${kind}`, () => {
    const found = patternOf(func);
    assertEquals(found.kind, kind);
    assertEquals(Object.fromEntries(Object.entries(found.inputs).filter(([name]) => name in inputs)), inputs);
    assertEquals(found.moves, moves);
  });
}
