import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { add, call, constant, floorDiv, mul, sub, variable } from "../../lib/ir/build.ts";
import { VerifyError } from "../../lib/ir/error.ts";
import { funcFromJson, funcToJson } from "../../lib/ir/func_json.ts";
import type { Stmt } from "../../lib/ir/stmt.ts";
import { interpret } from "../../lib/interp/interpret.ts";
import { interpretBounded } from "../../lib/interp/interpret_bounded.ts";
import { signature } from "../../lib/ir/signature.ts";
import { verifyFunc } from "../../lib/ir/verify.ts";
import { OptionError } from "../../lib/base/error.ts";
import type { Expr, Load } from "../../lib/ir/expr.ts";
import {
  compute,
  matmul,
  max,
  placeholder,
  primFunc,
  reduceAxis,
  shapeVariable,
  sum,
  TeError,
  type Tensor,
} from "../../lib/face/te.ts";
import { golden } from "../golden.ts";

/** Names of the blocks, in order, and of the loops around them. */
function nests(s: Stmt, loops: readonly string[] = []): readonly string[] {
  if (s.kind === "seq") return s.body.flatMap((x) => nests(x, loops));
  if (s.kind === "for") return nests(s.body, [...loops, s.var.name]);
  return s.kind === "block" ? [`${s.name}(${loops.join(", ")})`] : [];
}

Deno.test("a program computes what its results need, each tensor once, in an order that works", () => {
  const A = placeholder("A", [4, 8]);
  const k = reduceAxis(8);
  const twice = compute("twice", [4, 8], (i, j) => mul(A.at(i, j), 2));
  const sums = compute("sums", [4], (i) => sum(twice.at(i, k.var), [k]));
  const unused = compute("unused", [4], (i) => A.at(i, 0));
  const C = compute("C", [4, 8], (i, j) => sub(twice.at(i, j), sums.at(i)));
  const f = primFunc("f", [A, C]);
  verifyFunc(f);
  assertEquals(nests(f.body), ["twice(i, j)", "sums(i_1, k)", "C(i_2, j_1)"]);
  assertEquals(f.allocs, [twice.buffer, sums.buffer]);
  assert(!f.allocs.includes(unused.buffer));
  golden("te/program.txt", String(f));
});

Deno.test("an intermediate among the parameters is an output too", () => {
  const A = placeholder("A", [4]);
  const B = compute("B", [4], (i) => add(A.at(i), 1)), C = compute("C", [4], (i) => mul(B.at(i), B.at(i)));
  const f = primFunc("f", [A, C, B]);
  verifyFunc(f);
  assertEquals(f.allocs, []);
  assertEquals(interpret(f, { A: Float32Array.of(0, 1, 2, 3) }), {
    C: Float64Array.of(1, 4, 9, 16),
    B: Float64Array.of(1, 2, 3, 4),
  });
});

Deno.test("a reduction may have several axes, one axis may serve several reductions", () => {
  const A = placeholder("A", [2, 3, 4]);
  const j = reduceAxis(3, "j"), k = reduceAxis(4);
  const all = compute("all", [2], (i) => sum(A.at(i, j.var, k.var), [j, k]));
  const most = compute("most", [2, 3], (i, j) => max(A.at(i, j, k.var), [k]));
  const f = primFunc("f", [A, all, most]);
  verifyFunc(f);
  assertEquals(nests(f.body), ["all(i, j, k)", "most(i_1, j_1, k_1)"]);
  const data = Float32Array.from({ length: 24 }, (_, x) => -x);
  assertEquals(interpret(f, { A: data }), {
    all: Float64Array.of(-66, -210),
    most: Float64Array.of(-0, -4, -8, -12, -16, -20),
  });
});

Deno.test("sums start at 0 and maxima at the least value, in every dtype", () => {
  for (
    const [dtype, data, most, total] of [
      ["f32", Float32Array.of(-3e38, -2e38), Math.fround(-2e38), Math.fround(-3e38) + Math.fround(-2e38)],
      ["f16", Float16Array.of(-65504, -9), -9, -65513],
      ["i32", Int32Array.of(-(2 ** 31), -5), -5, 2 ** 31 - 5],
      ["u32", Uint32Array.of(0, 7), 7, 7],
    ] as const
  ) {
    const A = placeholder("A", [2], dtype), k = reduceAxis(2);
    const B = compute("B", [1], () => max(A.at(k.var), [k]));
    const C = compute("C", [1], () => sum(A.at(k.var), [k]));
    const f = primFunc("f", [A, B, C]);
    verifyFunc(f);
    const got = interpret(f, { A: data });
    assertEquals([got.B?.[0], got.C?.[0]], [most, total], dtype);
  }
});

Deno.test("the dtype of a tensor is that of its elements", () => {
  const A = placeholder("A", [4], "u32");
  assertEquals(compute("B", [4], (i) => A.at(i)).buffer.dtype, "u32");
  assertEquals(compute("B", [4], (i) => i).buffer.dtype, "i32");
  assertEquals(placeholder("A", [4]).buffer.dtype, "f32");
});

Deno.test("dimensions may be expressions of shape variables, which the parameters tell", () => {
  const m = variable("m"), n = variable("n");
  const A = placeholder("A", [m, n]);
  const B = compute("B", [floorDiv(add(m, 3), 4), n], (i, j) => A.at(mul(i, 4), j));
  const f = primFunc("every_fourth", [A, B]);
  verifyFunc(f);
  assertEquals(signature(f), "every_fourth(A: f32[m, n], B: f32[(m + 3) // 4, n])");
  assertEquals(f.shapeVars, [m, n]);
  const { B: out } = interpret(f, { A: Float32Array.from({ length: 10 }, (_, k) => k) }, {
    shapes: { m: 5 },
  });
  assertEquals(out, Float64Array.of(0, 1, 8, 9));
});

Deno.test("a tensor of no dimension has one element, and one of seven its own axes", () => {
  const A = placeholder("A", []), B = compute("B", [], () => mul(A.at(), 3));
  assertEquals(interpret(primFunc("f", [A, B]), { A: Float32Array.of(2) }).B, Float64Array.of(6));
  const X = placeholder("X", [1, 2, 1, 2, 1, 2, 1]);
  const Y = compute("Y", [1, 2, 1, 2, 1, 2, 1], (...at) => X.at(...at));
  const f = primFunc("f", [X, Y]);
  verifyFunc(f);
  assertEquals(nests(f.body), ["Y(i, j, l, m, n, i5, i6)"]);
  const data = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  assertEquals(interpret(f, { X: data }).Y, Float64Array.from(data));
});

Deno.test("a tensor knows how it is computed, an input does not", () => {
  const A = placeholder("A", [4]);
  assertEquals(A.definition, undefined);
  const B = compute("B", [4], (i) => A.at(i));
  assertStrictEquals(B.definition?.axes.length, 1);
  assertStrictEquals(A.at(3).buffer, A.buffer);
});

Deno.test("what cannot be a program is refused", () => {
  const A = placeholder("A", [4]);
  assertThrows(
    () => primFunc("f", [A]),
    TeError,
    "expected at least one computed tensor among the parameters of f, got inputs only; add",
  );
  assertThrows(() => primFunc("f", []), TeError, "expected at least one computed tensor");
  for (const extent of [0, -1, 1.5, NaN, Infinity]) {
    const says = (name: string) =>
      `expected each extent of ${name} to be a positive integer below 2^31, or a shape variable, got ${extent}`;
    assertThrows(() => placeholder("A", [4, extent]), TeError, says("A"));
    assertThrows(() => compute("B", [extent], () => constant(0, "f32")), TeError, says("B"));
    assertThrows(() => reduceAxis(extent), TeError, says("k"));
  }
  // What only the whole program can tell, the verifier does.
  const B = compute("B", [4], (i) => A.at(i));
  assertThrows(
    () => verifyFunc(primFunc("f", [B])),
    VerifyError,
    "buffer A is neither a parameter nor an intermediate",
  );
  const twin = compute("A", [4], (i) => A.at(i));
  assertThrows(() => verifyFunc(primFunc("f", [A, twin])), VerifyError, "there are two buffers A");
});

Deno.test("an intermediate whose name is taken gets a number, and parameters keep theirs", () => {
  const A = placeholder("A", [4]);
  const first = compute("t", [4], (i) => add(A.at(i), 1)),
    second = compute("t", [4], (i) => mul(first.at(i), 2));
  const third = compute("A", [4], (i) => sub(second.at(i), first.at(i)));
  const t = compute("t", [4], (i) => add(third.at(i), third.at(i)));
  const f = primFunc("f", [A, t]);
  verifyFunc(f);
  assertEquals(f.params.map((b) => b.name), ["A", "t"]);
  assertEquals(f.allocs.map((b) => b.name), ["t_1", "t_2", "A_1"]);
  assertEquals(nests(f.body), ["t_1(i)", "t_2(i_1)", "A_1(i_2)", "t(i_3)"]);
  assertEquals(interpret(f, { A: Float32Array.of(0, 1, 2, 3) }), { t: Float64Array.of(2, 4, 6, 8) });
  // The tensors themselves stay as they are.
  assertEquals([first.name, second.name, third.name], ["t", "t", "A"]);
});

Deno.test("shapes that name a variable share it", () => {
  const A = placeholder("A", ["m", 2]), B = placeholder("B", ["m", 2]);
  assertStrictEquals(A.shape[0], B.shape[0]);
  assertStrictEquals(A.shape[0], shapeVariable("m"));
  const f = primFunc("f", [A, B, compute("C", ["m", 2], (i, j) => add(A.at(i, j), B.at(i, j)))]);
  verifyFunc(f);
  assertEquals(signature(f), "f(A: f32[m, 2], B: f32[m, 2], C: f32[m, 2])");
  for (const name of ["", "2m", "m n", "größe"]) {
    assertThrows(() => placeholder("A", [name]), TeError, "expected the name of a shape variable");
  }
});

Deno.test("arguments of a wrong kind are refused, and named", () => {
  const A = placeholder("A", [4]), k = reduceAxis(4);
  const refused: readonly (readonly [() => unknown, string])[] = [
    [() => placeholder(4 as unknown as string, [4]), "expected name of te.placeholder to be text, got 4"],
    [
      () => placeholder("A", 4 as unknown as []),
      "expected shape of te.placeholder to be a list of extents, got 4",
    ],
    [
      () => compute("B", [4], A as unknown as () => Load),
      "expected value of te.compute to be a function of the position",
    ],
    [() => sum(3 as unknown as Load, [k]), "expected value of te.sum to be an expression of numbers, got 3"],
    [
      () => max(A.at(0), k as unknown as []),
      "expected axes of te.max to be a list, each element an axis that te.reduceAxis",
    ],
    [
      () => primFunc("f", A as unknown as []),
      "expected params of te.primFunc to be a list, each element a tensor",
    ],
    [
      () => primFunc("f", [A, Promise.resolve(A) as unknown as Tensor]),
      "got a Promise: did you forget await?",
    ],
  ];
  for (const [call, says] of refused) assertThrows(call, OptionError, says);
  assertThrows(
    () => compute("B", [4], () => 3 as unknown as Load),
    TeError,
    "expected the value of B to be an expression or a reduction, got 3, in te.compute",
  );
  assertThrows(
    () => placeholder("A", [A as unknown as number]),
    TeError,
    "expected each extent of A to be a positive integer below 2^31, or a shape variable, got a Tensor",
  );
});

Deno.test("an element may be 950 levels deep, and such a program survives JSON", () => {
  const A = placeholder("A", [4]);
  // A load and its index are two levels.
  const deep = (levels: number) =>
    compute("B", [4], (i) => {
      let e: Expr = A.at(i);
      for (let level = 2; level < levels; level++) e = call("exp", e);
      return e;
    });
  const f = primFunc("f", [A, deep(950)]);
  assertEquals(String(funcFromJson(JSON.parse(JSON.stringify(funcToJson(f))))), String(f));
  assertThrows(() => deep(951), TeError, "to be nested up to 950 deep, got more");
});

Deno.test("a sum of f16 is as exact as one rounding of its total", () => {
  const n = 4096;
  const A = placeholder("A", [n], "f16"), k = reduceAxis(n);
  const f = primFunc("f", [A, compute("S", [1], () => sum(A.at(k.var), [k]))]);
  const { values, bounds } = interpretBounded(f, { A: new Float16Array(n).fill(1) }).S ?? {};
  assertEquals([...values ?? []], [n]);
  // Neighbours of 4096 in f16 are 4 apart; sums in f16 would stay at 2048.
  const bound = bounds?.[0] ?? NaN;
  assert(bound <= 4, `${bound}`);
});

Deno.test("dimensions of one name are one shape variable", () => {
  const square = matmul({ m: "s", n: "s", k: 3 });
  verifyFunc(square);
  assertEquals(square.shapeVars.map((v) => v.name), ["s"]);
  const A = Float32Array.of(1, 2, 3, 4, 5, 6), B = Float32Array.of(1, 0, 0, 1, 1, 1);
  assertEquals(interpret(square, { A, B }).C, Float64Array.of(4, 5, 10, 11));
});
