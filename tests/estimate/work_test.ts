import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  add,
  binary,
  block,
  buffer,
  call,
  cast,
  constant,
  floorDiv,
  forLoop,
  iterVar,
  load,
  lt,
  mul,
  seq,
  store,
  variable,
} from "../../lib/ir/build.ts";
import { flopsOf, trafficOf } from "../../lib/estimate/work.ts";
import { shortestMs } from "../../lib/estimate/roofline.ts";
import { IrError } from "../../lib/ir/error.ts";
import type { Expr } from "../../lib/ir/expr.ts";
import { PrimFunc } from "../../lib/ir/func.ts";
import type { Stmt } from "../../lib/ir/stmt.ts";
import {
  compute,
  embedding,
  matmul,
  placeholder,
  primFunc,
  rmsNorm,
  softmax,
  transpose,
  update,
} from "../../lib/face/te.ts";
import { arbProgram } from "../ir/random_program.ts";
import { retiled } from "../ir/retile.ts";

Deno.test("a matrix product is 2·m·n·k operations, and moves its three matrices", () => {
  const f = matmul({ m: 5, n: 6, k: 7 });
  assertEquals(flopsOf(f), 2 * 5 * 6 * 7);
  assertEquals(trafficOf(f), 4 * (5 * 7 + 7 * 6 + 5 * 6));
  const half = matmul({ m: 5, n: 6, k: 7, dtype: "f16" });
  assertEquals(trafficOf(half), 2 * (5 * 7 + 7 * 6 + 5 * 6));
});

Deno.test("symbolic shapes count once they have values", () => {
  const f = matmul({ m: "m", n: 6, k: "k" });
  assertEquals(flopsOf(f, { m: 5, k: 7 }), 2 * 5 * 6 * 7);
  assertEquals(trafficOf(f, { m: 5, k: 7 }), 4 * (5 * 7 + 7 * 6 + 5 * 6));
  assertThrows(() => flopsOf(f, { m: 5 }), IrError, "shape variable k has no value");
  assertThrows(() => trafficOf(f), IrError, "shape variable m has no value");
});

Deno.test("operators count what they write down", () => {
  // Maximum; subtract, exp, sum; subtract, exp, divide.
  assertEquals(flopsOf(softmax({ rows: 3, columns: 10 })), 3 * 10 * (1 + 3 + 3));
  // Square, sum; divide, add, rsqrt, two products.
  assertEquals(flopsOf(rmsNorm({ rows: 3, columns: 10 })), 3 * 10 * (2 + 5));
  assertEquals(flopsOf(transpose({ rows: 3, columns: 10 })), 0);
  assertEquals(trafficOf(transpose({ rows: 3, columns: 10 })), 4 * 2 * 30);
});

Deno.test("products of bytes are as many operations as products of numbers, and move a quarter of their bytes", () => {
  const f = matmul({ m: 5, n: 6, k: 8, dtype: "i8" });
  assertEquals(flopsOf(f), 2 * 5 * 6 * 8);
  assertEquals(trafficOf(f), 5 * 8 + 8 * 6 + 4 * 5 * 6);
});

Deno.test("4-bit weights move 4 bits, and their scales", () => {
  const f = matmul({ m: 1, n: 64, k: 128, weights: "q4f16_1" });
  assertEquals(trafficOf(f), 2 * 128 + 64 * 128 / 2 + 2 * 64 * 4 + 2 * 64);
});

Deno.test("a table counts as many rows as are looked up in it", () => {
  const f = embedding({ rows: 3, vocabulary: 1000, columns: 64, weights: "q4f16_1" });
  assertEquals(trafficOf(f), 3 * (64 / 2 + 2 * 2 + 4 + 2 * 64));
  const few = embedding({ rows: 3, vocabulary: 2, columns: 64 });
  assertEquals(trafficOf(few), 4 * (2 * 64 + 3 + 3 * 64));
});

Deno.test("look-ups of one table by several blocks add up, at most to the whole table", () => {
  const traffic = (rows: number, vocabulary: number) => {
    const table = placeholder("table", [vocabulary, 16]), tokens = placeholder("tokens", [rows], "i32");
    const outputs = ["X", "Y"].map((name) => compute(name, [rows, 16], (i, j) => table.at(tokens.at(i), j)));
    return trafficOf(primFunc("f", [table, tokens, ...outputs]));
  };
  const others = (rows: number) => 4 * rows + 2 * 4 * rows * 16;
  assertEquals(traffic(3, 1000), 2 * 3 * 16 * 4 + others(3));
  assertEquals(traffic(3, 4), 4 * 16 * 4 + others(3));
});

Deno.test("what is updated in place counts as many rows as are written", () => {
  const cache = placeholder("cache", [1000, 16]),
    at = placeholder("at", [3], "i32"),
    X = placeholder("X", [3, 16]);
  const now = update(
    cache,
    [3, 16],
    (i, j) => ({ at: [at.at(i as Expr), j as Expr], value: X.at(i as Expr, j as Expr) }),
  );
  const f = primFunc("put", [X, at, now]);
  assertEquals(trafficOf(f), 4 * (3 * 16 + 3 + 3 * 16));
  const peaks = { gflops: 1, bufferGbps: 1, textureGbps: 1, copyGbps: 1, launchMs: 0 };
  assertEquals(shortestMs(f, {}, peaks), 0);
});

Deno.test("an intermediate table is computed in the rows that are looked up in it", () => {
  const flops = (rows: number, vocabulary: number) => {
    const table = placeholder("table", [vocabulary, 16]), tokens = placeholder("tokens", [rows], "i32");
    const twice = compute("twice", [vocabulary, 16], (i, j) => add(table.at(i, j), table.at(i, j)));
    const X = compute("X", [rows, 16], (i, j) => twice.at(tokens.at(i), j));
    return flopsOf(primFunc("f", [table, tokens, X]));
  };
  assertEquals([flops(3, 1000), flops(3, 2)], [3 * 16, 2 * 16]);
});

const A = buffer("A", [8]), I = buffer("I", [8], "i32"), B = buffer("B", [8]);
const i = variable("i"), v = variable("v");

function program(body: Stmt): PrimFunc {
  return new PrimFunc("f", [A, I, B], [], [], body);
}
const eight = (e: Expr) => program(forLoop(i, 8, block("B", [iterVar(v, 8)], [i], store(B, [v], e))));

Deno.test("only arithmetic on floats counts: no indices, no comparisons, no conversions", () => {
  const a = load(A, v);
  assertEquals(flopsOf(eight(a)), 0);
  assertEquals(flopsOf(eight(add(a, mul(a, a)))), 16);
  assertEquals(flopsOf(eight(call("exp", binary("max", a, constant(0, "f32"))))), 16);
  assertEquals(flopsOf(eight(load(A, floorDiv(add(v, 1), 2)))), 0);
  assertEquals(flopsOf(eight(cast("f32", add(load(I, v), 1)))), 0);
  const one = constant(1, "f32");
  assertEquals(flopsOf(eight({ kind: "select", dtype: "f32", cond: lt(a, 0), a: one, b: a })), 0);
});

Deno.test("initial values and barriers count nothing, both branches and named values do", () => {
  const a = load(A, v), twice = store(B, [v], add(a, a));
  const b = block("B", [iterVar(v, 8)], [i], twice, { init: twice });
  assertEquals(flopsOf(program(forLoop(i, 8, b))), 8);
  const both: Stmt = { kind: "if", cond: lt(v, 3), then: twice, else: seq(twice, twice) };
  assertEquals(flopsOf(program(forLoop(i, 8, block("B", [iterVar(v, 8)], [i], both)))), 24);
  const x = variable("x", "f32");
  const named: Stmt = { kind: "let", var: x, value: add(a, a), body: store(B, [v], mul(x, x)) };
  assertEquals(flopsOf(program(forLoop(v, 8, seq(named, { kind: "barrier", memory: "shared" })))), 16);
});

Deno.test("traffic is the parameters', whatever is between them", () => {
  const odd = buffer("odd", [3], "bool"), half = buffer("half", [5], "f16");
  const f = new PrimFunc("f", [A, odd, half], [], [buffer("between", [1000])], seq());
  assertEquals(trafficOf(f), 4 * 8 + 4 * 3 + 2 * 5);
});

Deno.test("fused loops count as before, and traffic is the same under any loops", () => {
  fc.assert(fc.property(arbProgram, (f) => {
    assertEquals(flopsOf(retiled(f, [1])), flopsOf(f));
    assertEquals(trafficOf(retiled(f, [1, 2])), trafficOf(f));
  }));
});
