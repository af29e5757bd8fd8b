import fc from "fast-check";
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  add,
  and,
  binary,
  block,
  broadcast,
  buffer,
  call,
  cast,
  ceilDiv,
  conjuncts,
  constant,
  div,
  eq,
  FALSE,
  floorDiv,
  floorMod,
  forLoop,
  isConst,
  iterVar,
  load,
  lt,
  MATH_ARITY,
  MATH_RESULT,
  mul,
  not,
  or,
  select,
  seq,
  store,
  sub,
  toExpr,
  TRUE,
  variable,
} from "../../lib/ir/build.ts";
import { foldBinary } from "../../lib/ir/fold.ts";
import {
  bytesOf,
  type DType,
  isFloat,
  isInt,
  lanesOf,
  RANGE,
  scalarOf,
  type ScalarType,
  withLanes,
} from "../../lib/ir/dtype.ts";
import { IrError } from "../../lib/ir/error.ts";
import type { BinaryOp } from "../../lib/ir/expr.ts";
import { PrimFunc } from "../../lib/ir/func.ts";
import { interpret } from "../../lib/interp/interpret.ts";
import { printExpr } from "../../lib/ir/print.ts";
import { verifyFunc } from "../../lib/ir/verify.ts";

const i = variable("i"), x = variable("x", "f32"), w = variable("w", "u32");

Deno.test("a dtype is a scalar type and a number of lanes", () => {
  const scalars: readonly ScalarType[] = ["f32", "f16", "i32", "u32", "bool"];
  for (const scalar of scalars) {
    for (const lanes of [1, 2, 4]) {
      const dtype = withLanes(scalar, lanes);
      assertEquals(dtype, (lanes === 1 ? scalar : `${scalar}x${lanes}`) as DType);
      assertEquals([scalarOf(dtype), lanesOf(dtype)], [scalar, lanes as 1 | 2 | 4]);
      assertEquals(withLanes(withLanes(scalar, 4), lanes), dtype);
      assertEquals(bytesOf(dtype), (scalar === "f16" ? 2 : 4) * lanes);
      assertEquals([isFloat(dtype), isInt(dtype)], [scalar[0] === "f", scalar === "i32" || scalar === "u32"]);
    }
  }
});

Deno.test("the range of a type is what its arrays can hold", () => {
  for (const [dtype, make] of [["f32", Float32Array], ["f16", Float16Array]] as const) {
    const [lo, hi] = RANGE[dtype];
    assertEquals([...make.of(lo, hi)], [lo, hi]);
    // One half of the last place more, and it is infinite.
    const step = dtype === "f32" ? 2 ** 103 : 16;
    assertEquals([...make.of(lo - step, hi + step)], [-Infinity, Infinity]);
  }
  for (const [dtype, make] of [["i32", Int32Array], ["u32", Uint32Array]] as const) {
    const [lo, hi] = RANGE[dtype];
    assertEquals([...make.of(lo, hi)], [lo, hi]);
    assertEquals([...make.of(lo - 1, hi + 1)], [hi, lo]);
  }
});

Deno.test("a number takes the type of what it meets", () => {
  assertEquals(add(x, 2), binary("add", x, constant(2, "f32")));
  assertEquals(sub(2, w), binary("sub", constant(2, "u32"), w));
  assertEquals(toExpr(2), constant(2, "i32"));
  const vector = broadcast(x, 4);
  assertEquals(vector.dtype, "f32x4");
  assertEquals(mul(vector, 3), binary("mul", vector, broadcast(constant(3, "f32"), 4)));
  assertEquals(mul(x, vector), binary("mul", broadcast(x, 4), vector));
  assertEquals(lt(vector, x).dtype, "boolx4");
  assertEquals(select(eq(i, 0), x, 1), select(eq(i, 0), x, constant(1, "f32")));
});

Deno.test("what changes nothing is left out", () => {
  for (const e of [add(i, 0), add(0, i), sub(i, 0), mul(i, 1), mul(1, i), floorDiv(i, 1), cast("i32", i)]) {
    assertStrictEquals(e, i);
  }
  assertStrictEquals(and(), TRUE);
  assertStrictEquals(and(TRUE, eq(i, 0), FALSE), FALSE);
  const a = eq(i, 0), b = lt(i, 3), c = lt(i, 5);
  assertStrictEquals(and(TRUE, a, TRUE), a);
  assertEquals(conjuncts(and(a, b, c)), [a, b, c]);
  assertEquals(conjuncts(TRUE), []);
  assertEquals(conjuncts(or(a, b)), [or(a, b)]);
  assertEquals([not(TRUE), not(FALSE)], [FALSE, TRUE]);
  assertStrictEquals(select(TRUE, i, 3), i);
  assertEquals(select(FALSE, i, 3), constant(3));
  assertEquals(cast("f16", constant(3)), constant(3, "f16"));
  assertEquals(isConst(constant(3), 3), true);
  assertEquals([isConst(constant(3), 4), isConst(i)], [false, false]);
});

Deno.test("statements in order are one flat list, a single one stands for itself", () => {
  const A = buffer("A", [4]);
  const [s, t, u] = [0, 1, 2].map((k) => store(A, [constant(k)], constant(0, "f32")));
  assert(s && t && u);
  assertEquals(seq(s, seq(t, u)), { kind: "seq", body: [s, t, u] });
  assertStrictEquals(seq(s), s);
  assertStrictEquals(seq(seq(), s), s);
  assertEquals(seq(), { kind: "seq", body: [] });
});

Deno.test("division rounds down, whatever the signs", () => {
  const table = [[7, 2, 3, 1], [-7, 2, -4, 1], [7, -2, -4, -1], [-7, -2, 3, -1], [0, -5, 0, 0], [
    -4,
    4,
    -1,
    0,
  ]];
  for (const [a = 0, b = 0, quotient = 0, rest = 0] of table) {
    assert(Object.is(foldBinary("floordiv", "i32", a, b), quotient), `${a} // ${b}`);
    assert(Object.is(foldBinary("floormod", "i32", a, b), rest), `${a} % ${b}`);
  }
  assertEquals(ceilDiv(7, 2), constant(4));
  assertEquals(ceilDiv(8, 2), constant(4));
  assertEquals(printExpr(ceilDiv(i, 32)), "(i + 31) // 32");
});

Deno.test("nothing divides by zero at build time", () => {
  for (const op of ["floordiv", "floormod"] as const) {
    assertEquals(foldBinary(op, "i32", 7, 0), undefined);
    assertEquals(binary(op, 7, 0).kind, "binary");
  }
});

const COMPARE: readonly BinaryOp[] = ["eq", "ne", "lt", "le", "gt", "ge"];
const INTEGER: readonly BinaryOp[] = [
  ...["add", "sub", "mul", "floordiv", "floormod", "min", "max"] as const,
  ...["bitand", "bitor", "bitxor", "shl", "shr"] as const,
  ...COMPARE,
];
const FLOAT: readonly BinaryOp[] = ["add", "sub", "mul", "div", "min", "max", ...COMPARE];

/** `a op b` by a program that loads both. */
function computed(op: BinaryOp, dtype: "f32" | "i32" | "u32", a: number, b: number): number {
  const A = buffer("A", [2], dtype);
  const value = binary(op, load(A, 0), load(A, 1));
  const C = buffer("C", [1], value.dtype as ScalarType);
  const f = new PrimFunc("f", [A, C], [], [], block("C", [], [], store(C, [constant(0)], value)));
  verifyFunc(f);
  const data = dtype === "f32"
    ? Float64Array.of(a, b)
    : dtype === "i32"
    ? Int32Array.of(a, b)
    : Uint32Array.of(a, b);
  return interpret(f, { A: data }).C?.[0] ?? NaN;
}

Deno.test("constants fold to what a program would compute", () => {
  const edges = [0, 1, -1, 2, 31, 32, 33, 2 ** 31 - 1, -(2 ** 31), 65537];
  const arbInt = fc.oneof(fc.constantFrom(...edges), fc.integer());
  fc.assert(fc.property(fc.constantFrom(...INTEGER), arbInt, arbInt, (op, a, b) => {
    for (const dtype of ["i32", "u32"] as const) {
      const [p, q] = dtype === "i32" ? [a, b] : [a >>> 0, b >>> 0];
      const want = foldBinary(op, dtype, p, q);
      if (want === undefined) assertEquals(q, 0);
      else assertEquals(computed(op, dtype, p, q), want, `${p} ${op} ${q} in ${dtype}`);
    }
  }));
  const arbFloat = fc.oneof(fc.constantFrom(0, -0, 1.5, -2, 3e38, Infinity, NaN), fc.float());
  fc.assert(fc.property(fc.constantFrom(...FLOAT), arbFloat, arbFloat, (op, a, b) => {
    // A constant is a number: what is none stays an operation.
    const want = foldBinary(op, "f32", a, b) ?? NaN;
    assert(Object.is(computed(op, "f32", a, b), want), `${a} ${op} ${b}`);
  }));
});

Deno.test("a folded integer is a value of its type", () => {
  const arbInt = fc.oneof(fc.constantFrom(0, 1, -1, 2 ** 31 - 1, -(2 ** 31)), fc.integer());
  fc.assert(fc.property(fc.constantFrom(...INTEGER), arbInt, arbInt, (op, a, b) => {
    const signed = foldBinary(op, "i32", a, b), unsigned = foldBinary(op, "u32", a >>> 0, b >>> 0);
    if (signed !== undefined) assert(Object.is(signed, signed | 0), `${a} ${op} ${b} = ${signed}`);
    if (unsigned !== undefined) assert(Object.is(unsigned, unsigned >>> 0), `${a} ${op} ${b} = ${unsigned}`);
  }));
});

Deno.test("logic folds", () => {
  for (const a of [TRUE, FALSE]) {
    for (const b of [TRUE, FALSE]) {
      assertEquals(binary("and", a, b), constant(a.value & b.value, "bool"));
      assertEquals(binary("or", a, b), constant(a.value | b.value, "bool"));
    }
  }
});

Deno.test("what has no meaning cannot be built", () => {
  const refused = (build: () => unknown, says: string) => assertThrows(build, IrError, says);
  refused(
    () => add(i, x),
    "cannot build add of i32 and f32: both sides must have one dtype; cast one of them",
  );
  refused(() => add(broadcast(x, 2), broadcast(x, 4)), "cannot build add of");
  refused(() => floorDiv(x, 2), "cannot build floordiv of f32: it is for integers; use div");
  refused(() => floorMod(x, 2), "cannot build floormod of f32: it is for integers; use div");
  refused(() => div(i, 2), "cannot build div of i32: it is for floats; use floorDiv");
  refused(
    () => select(eq(i, 0), i, x),
    "cannot build select of i32 and f32: both branches must have one dtype",
  );
  refused(() => call("exp"), "cannot call exp with 0 arguments: it takes 1");
  refused(() => call("fma", x, x), "cannot call fma with 2 arguments: it takes 3");
  refused(
    () => call("dot4I8Packed", x, x),
    "cannot call dot4I8Packed with f32 and f32: it takes u32, four signed bytes in each",
  );
  const A = buffer("A", [4, 4]);
  refused(() => load(A, i), "cannot load A with 1 indices: it has 2 dimensions");
  refused(() => store(A, [i, i], i), "cannot store i32 into A: its dtype is f32; cast the value");
});

Deno.test("every function can be called with as many arguments as it takes", () => {
  for (const [op, n] of Object.entries(MATH_ARITY) as [keyof typeof MATH_ARITY, number][]) {
    const bytes = op === "dot4I8Packed", argument = bytes ? variable("w", "u32") : x;
    assertEquals(call(op, ...Array(n).fill(argument)).dtype, bytes ? "i32" : MATH_RESULT[op] ?? "f32");
    assertThrows(() => call(op, ...Array(n + 1).fill(argument)), IrError);
  }
});

Deno.test("buffers, loops and blocks have the defaults that they say", () => {
  const A = buffer("A", [4, i]);
  assertEquals([A.dtype, A.scope, A.shape], ["f32", "global", [constant(4), i]]);
  const loop = forLoop(i, 4, seq());
  assertEquals([loop.loop, loop.extent, loop.annotations], ["serial", constant(4), {}]);
  const b = block("b", [iterVar(i, 4)], [constant(0)], seq());
  assertEquals([b.where, b.annotations, b.iters[0]?.type, "init" in b], [TRUE, {}, "spatial", false]);
});
