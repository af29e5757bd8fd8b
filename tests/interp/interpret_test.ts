import { assert, assertAlmostEquals, assertEquals, assertMatch, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  add,
  binary,
  block,
  buffer,
  call,
  cast,
  constant,
  div,
  forLoop,
  iterVar,
  load,
  lt,
  mul,
  not,
  select,
  seq,
  store,
  sub,
  TRUE,
  variable,
} from "../../lib/ir/build.ts";
import type { ScalarType } from "../../lib/ir/dtype.ts";
import { IrError } from "../../lib/ir/error.ts";
import type { Buffer, Expr, MathOp } from "../../lib/ir/expr.ts";
import { PrimFunc } from "../../lib/ir/func.ts";
import { type Arrays, interpret, type NumberArray } from "../../lib/interp/interpret.ts";
import { Analyzer } from "../../lib/arith/analyzer.ts";
import type { LoopKind, Stmt } from "../../lib/ir/stmt.ts";
import { verifyFunc } from "../../lib/ir/verify.ts";
import * as te from "../../lib/face/te.ts";
import { arbProgram, randomInputs } from "../ir/random_program.ts";

const i = variable("i"), v = variable("v"), zero = constant(0);

/** The program whose output `out` is `value` of the element of input A, for eight elements. */
function elementwise(dtype: ScalarType, value: (a: Expr) => Expr): PrimFunc {
  const A = buffer("A", [8], dtype), e = value(load(A, v));
  const out = buffer("out", [8], e.dtype as ScalarType);
  const f = new PrimFunc(
    "f",
    [A, out],
    [],
    [],
    forLoop(i, 8, block("out", [iterVar(v, 8)], [i], store(out, [v], e))),
  );
  verifyFunc(f);
  return f;
}
/** What it computes; what is not given is 0. */
function of(dtype: ScalarType, value: (a: Expr) => Expr, ...given: readonly number[]): readonly number[] {
  const all = Array.from({ length: 8 }, (_, k) => given[k] ?? 0);
  const A = dtype === "i32"
    ? Int32Array.from(all)
    : dtype === "u32" || dtype === "bool"
    ? Uint32Array.from(all)
    : Float64Array.from(all);
  return [...interpret(elementwise(dtype, value), { A }).out ?? []].slice(0, given.length);
}

Deno.test("functions are those of mathematics, in doubles", () => {
  const table: Readonly<Partial<Record<MathOp, (x: number) => number>>> = {
    exp: Math.exp,
    exp2: (x) => 2 ** x,
    log: Math.log,
    log2: Math.log2,
    atan: Math.atan,
    sqrt: Math.sqrt,
    rsqrt: (x) => 1 / Math.sqrt(x),
    sin: Math.sin,
    cos: Math.cos,
    tanh: Math.tanh,
    abs: Math.abs,
    floor: Math.floor,
  };
  fc.assert(fc.property(fc.double({ min: 1e-3, max: 30, noNaN: true }), (x) => {
    for (const [op, f] of Object.entries(table) as [MathOp, (x: number) => number][]) {
      assertEquals(of("f32", (a) => call(op, a), x), [f(x)], op);
    }
    assertEquals(of("f32", (a) => call("pow", a, constant(1.5, "f32")), x), [x ** 1.5]);
    assertEquals(of("f32", (a) => call("fma", a, a, a), x), [x * x + x]);
  }));
  assertAlmostEquals(of("f32", (a) => call("erf", a), 0.5)[0] ?? NaN, 0.5204998778130465, 1e-15);
  assertEquals(of("i32", (a) => call("abs", a), -7, 7), [7, 7]);
});

Deno.test("a product of packed bytes is the sum of the products of signed bytes", () => {
  const arb = fc.int8Array({ minLength: 4, maxLength: 4 });
  const word = (bytes: Int8Array) => new DataView(Int8Array.from(bytes).buffer).getUint32(0, true);
  const dot = (p: Int8Array, q: Int8Array) => p.reduce((sum, x, k) => sum + x * (q[k] ?? NaN), 0);
  const check = (p: Int8Array, q: Int8Array) => {
    const withQ = (a: Expr) => call("dot4I8Packed", a, constant(word(q), "u32"));
    assertEquals(of("u32", (a) => cast("u32", withQ(a)), word(p)), [dot(p, q) >>> 0]);
    const folded = new Analyzer().simplify(withQ(constant(word(p), "u32")));
    assertEquals(folded, constant(dot(p, q)));
  };
  fc.assert(fc.property(arb, arb, check));
  check(Int8Array.of(-128, -128, -128, -128), Int8Array.of(-128, -128, -128, -128));
  check(Int8Array.of(127, -128, 0, -1), Int8Array.of(-128, 127, -1, 1));
});

Deno.test("floats to integers truncate toward zero and stop at the type's ends", () => {
  const given = [1.9, -1.9, 3e9, -3e9, 1e300, NaN, -0.5];
  assertEquals(of("f32", (a) => cast("i32", a), ...given), [
    1,
    -1,
    2 ** 31 - 1,
    -(2 ** 31),
    2 ** 31 - 1,
    0,
    0,
  ]);
  assertEquals(of("f32", (a) => cast("u32", a), ...given), [1, 0, 3e9, 0, 2 ** 32 - 1, 0, 0]);
});

Deno.test("other conversions keep the number, or its bits", () => {
  assertEquals(of("i32", (a) => cast("u32", a), -1, 7), [2 ** 32 - 1, 7]);
  assertEquals(of("u32", (a) => cast("i32", a), 2 ** 32 - 1, 7), [-1, 7]);
  assertEquals(of("u32", (a) => cast("f32", a), 2 ** 32 - 1), [2 ** 32 - 1]);
  assertEquals(of("f32", (a) => cast("bool", a), 0, -0, 0.5, NaN), [0, 0, 1, 1]);
  assertEquals(of("bool", (a) => cast("f32", a), 0, 1), [0, 1]);
  assertEquals(of("bool", (a) => cast("i32", a), 0, 1), [0, 1]);
  assertEquals(of("f16", (a) => cast("f32", a), 0.1), [0.1]);
});

Deno.test("booleans come and go as 0 and 1", () => {
  const out =
    interpret(elementwise("f32", (a) => lt(a, 2)), { A: Float32Array.of(1, 2, 3, 0, 5, 6, 7, 8) }).out;
  assertEquals(out, Uint32Array.of(1, 0, 0, 1, 0, 0, 0, 0));
  assertEquals(of("bool", (a) => not(a), 0, 1), [1, 0]);
  assertEquals(of("bool", (a) => binary("or", a, not(a)), 0, 1), [1, 1]);
  assertEquals(of("bool", (a) => binary("eq", a, TRUE), 0, 1), [0, 1]);
  assertEquals(of("bool", (a) => select(a, constant(5), constant(6)), 0, 1), [6, 5]);
});

Deno.test("zero has a sign", () => {
  assertEquals(of("f32", (a) => div(a, constant(-0, "f32")), 1), [-Infinity]);
  assertEquals(of("f32", (a) => div(constant(1, "f32"), mul(a, constant(-1, "f32"))), 0), [-Infinity]);
});

Deno.test("outputs are doubles for floats, and arrays of their own for integers", () => {
  const kind = (dtype: ScalarType, A: NumberArray) =>
    interpret(elementwise(dtype, (a) => a), { A }).out?.constructor;
  for (const A of [new Float32Array(8), new Float16Array(8), new Float64Array(8)]) {
    assertEquals([kind("f32", A), kind("f16", A)], [Float64Array, Float64Array]);
  }
  assertEquals(kind("i32", new Int32Array(8)), Int32Array);
  assertEquals(kind("u32", new Uint32Array(8)), Uint32Array);
  assertEquals(kind("bool", new Uint32Array(8)), Uint32Array);
});

Deno.test("inputs stay as they are, and each run starts anew", () => {
  fc.assert(
    fc.property(arbProgram, fc.nat(), (f, seed) => {
      const inputs = randomInputs(f, seed), before = structuredClone(inputs);
      const first = interpret(f, inputs);
      assertEquals(inputs, before);
      assertEquals(interpret(f, inputs), first);
      assertEquals(interpret(f, inputs, { check: false }), first);
    }),
    { numRuns: 50 },
  );
});

const A = buffer("A", [8]), B = buffer("B", [8]), S = buffer("S", [1]), T = buffer("T", [8]);
const counting = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
/** A program from inputs A to the other parameters. */
function run(
  body: Stmt,
  params: readonly Buffer[],
  inputs: Arrays = { A: counting },
  allocs: readonly Buffer[] = [],
) {
  return interpret(new PrimFunc("f", params, [], allocs, body), inputs);
}

Deno.test("every kind of loop runs from 0 to its extent", () => {
  const kinds: readonly LoopKind[] = [
    "serial",
    "parallel",
    "vectorized",
    "unrolled",
    "threadIdx.x",
    "blockIdx.y",
  ];
  for (const kind of kinds) {
    const b = block("B", [iterVar(v, 8)], [i], store(B, [v], mul(load(A, v), 2)));
    assertEquals(run(forLoop(i, 8, b, kind), [A, B]).B, Float64Array.from(counting, (x) => x * 2));
  }
});

Deno.test("init runs where every reduce axis is 0, and nothing runs where the condition fails", () => {
  const p = variable("p"), r = variable("r"), q = variable("q"), s = variable("s");
  const sumOf = (where: Expr) =>
    block(
      "S",
      [iterVar(v, 1), iterVar(r, 4, "reduce"), iterVar(s, 2, "reduce")],
      [zero, p, q],
      store(S, [v], add(load(S, v), load(A, add(mul(r, 2), s)))),
      { init: store(S, [v], constant(100, "f32")), where },
    );
  const nest = (where: Expr) => forLoop(p, 4, forLoop(q, 2, sumOf(where)));
  assertEquals(run(nest(TRUE), [A, S]).S, Float64Array.of(136));
  assertEquals(run(nest(lt(p, 2)), [A, S]).S, Float64Array.of(110));
  // Without the turn that starts it, the sum has no beginning.
  assertEquals(run(nest(lt(zero, q)), [A, S]).S, Float64Array.of(NaN));
});

Deno.test("a block without reduce axes starts anew at each turn", () => {
  const b = block("S", [iterVar(v, 8)], [i], store(S, [zero], add(load(S, 0), load(A, v))), {
    init: store(S, [zero], zeroOf("f32")),
  });
  assertEquals(run(forLoop(i, 8, b), [A, S]).S, Float64Array.of(8));
});
function zeroOf(dtype: ScalarType): Expr {
  return constant(0, dtype);
}

Deno.test("what was never written is NaN, or 0 for integers", () => {
  const half = block("B", [iterVar(v, 8)], [i], store(B, [v], load(A, v)), { where: lt(i, 2) });
  assertEquals([...run(forLoop(i, 8, half), [A, B]).B ?? []], [1, 2, NaN, NaN, NaN, NaN, NaN, NaN]);
  const early = block("B", [iterVar(v, 8)], [i], store(B, [v], load(T, v)));
  assertEquals(run(forLoop(i, 8, early), [B], {}, [T]).B, new Float64Array(8).fill(NaN));
  const N = buffer("N", [3], "i32");
  assertEquals(
    run(block("N", [], [], store(N, [constant(1)], constant(7))), [N], {}).N,
    Int32Array.of(0, 7, 0),
  );
});

Deno.test("a choice evaluates only what it takes", () => {
  const inside = lt(zero, v);
  const e = select(inside, load(A, sub(v, 1)), constant(0, "f32"));
  const b = (value: Expr) => forLoop(i, 8, block("B", [iterVar(v, 8)], [i], store(B, [v], value)));
  assertEquals([...run(b(e), [A, B]).B ?? []], [0, 1, 2, 3, 4, 5, 6, 7]);
  assertThrows(() => run(b(load(A, sub(v, 1))), [A, B]), IrError, "index -1 is out of dimension 0 of A");
});

Deno.test("if, seq, let and barrier run in order", () => {
  const x = variable("x", "f32");
  const body = seq(
    forLoop(i, 8, {
      kind: "if",
      cond: lt(i, 4),
      then: store(T, [i], load(A, i)),
      else: store(T, [i], zeroOf("f32")),
    }),
    { kind: "barrier", memory: "shared" },
    forLoop(v, 8, {
      kind: "let",
      var: x,
      value: add(load(T, v), 1),
      body: seq(store(B, [v], mul(x, x)), store(T, [v], x)),
    }),
    { kind: "if", cond: lt(constant(3), constant(2)), then: store(B, [zero], zeroOf("f32")) },
  );
  assertEquals([...run(body, [A, B], { A: counting }, [T]).B ?? []], [4, 9, 16, 25, 1, 1, 1, 1]);
});

Deno.test("tensors of any number of dimensions lie row by row", () => {
  const M = buffer("M", [2, 3, 4]), N = buffer("N", [4, 2, 3]), P = buffer("P", []);
  const [x, y, z] = [variable("x"), variable("y"), variable("z")];
  const turned = forLoop(x, 2, forLoop(y, 3, forLoop(z, 4, store(N, [z, x, y], load(M, x, y, z)))));
  const data = Float32Array.from({ length: 24 }, (_, k) => k);
  const want = Float64Array.from({ length: 24 }, (_, k) => Math.floor(k / 6) + 4 * (k % 6));
  assertEquals(run(turned, [M, N], { M: data }).N, want);
  assertEquals(run(store(P, [], constant(3, "f32")), [P], {}).P, Float64Array.of(3));
});

Deno.test("names are never run", () => {
  const evil = 'x]; throw new Error("run"); //';
  const C = buffer(evil, [8]), k = variable(evil), w = variable("constructor");
  const b = block(evil, [iterVar(w, 8)], [k], store(C, [w], load(A, w)), { annotations: { [evil]: evil } });
  const f = new PrimFunc(evil, [A, C], [], [], forLoop(k, 8, b));
  assertEquals(interpret(f, { A: counting })[evil], Float64Array.from(counting));
});

Deno.test("shapes follow from lengths, or are given", () => {
  const f = te.matmul({ m: "m", n: 2, k: "k" });
  const inputs = { A: Float32Array.of(1, 2, 3, 4, 5, 6), B: Float32Array.of(1, 0, 0, 1, 1, 1) };
  // Neither length alone tells both: B's tells k, then A's tells m.
  assertEquals(interpret(f, inputs).C, Float64Array.of(4, 5, 10, 11));
  assertEquals(interpret(f, inputs, { shapes: { m: 2, k: 3 } }).C, Float64Array.of(4, 5, 10, 11));
});

Deno.test("inputs that do not fit are refused, and what would fit is said", () => {
  const f = te.matmul({ m: "m", n: 2, k: 3, weights: "q4f32_1" });
  const good = { A: new Float32Array(6), W_q: new Uint32Array(8), W_scale: new Float32Array(2) };
  interpret(f, good);
  const refused = (inputs: unknown, says: string, shapes?: Record<string, number>) =>
    assertThrows(() => interpret(f, inputs as Arrays, shapes ? { shapes } : {}), IrError, says);
  const { A, W_q } = good;
  refused({ A, W_q }, "expected input W_scale, got nothing, interpreting matmul; it takes A, W_q, W_scale");
  refused({}, "expected input A, got nothing");
  refused({ ...good, A: undefined }, "expected input A, got nothing");
  refused(
    { ...good, A: new Int32Array(6) },
    "expected input A of f32 as a Float32Array or Float16Array",
  );
  refused({ ...good, A: [1, 2, 3, 4, 5, 6] }, "got [1, 2, 3, 4, 5, 6], interpreting");
  refused({ ...good, A: new DataView(new ArrayBuffer(8)) }, "got a DataView, interpreting");
  refused({ ...good, A: null }, "got null, interpreting");
  refused(
    { ...good, W_q: new Float32Array(8) },
    "expected input W_q of u32 as a Uint32Array, got a Float32Array",
  );
  refused(
    { ...good, W_q: new Int32Array(8) },
    "expected input W_q of u32 as a Uint32Array, got an Int32Array",
  );
  refused(
    { ...good, W_q: new Uint32Array(7) },
    "expected 8 elements of input W_q, as its shape takes, got 7",
  );
  refused(
    { ...good, A: new Float32Array(7) },
    "matmul with m = 2.3333333333333335: shape variables are positive",
  );
  refused(good, "expected 9 elements of input A, as its shape takes, got 6", { m: 3 });
  refused(good, "cannot give matmul a shape rows: its shape variables are m", { rows: 3 });
  refused(
    { ...good, W_scale: new Float32Array(0) },
    "expected 2 elements of input W_scale, as its shape takes, got 0",
  );
  const square = te.add({ shape: ["m", "m"] });
  assertThrows(() => interpret(square, good), IrError, "expected input B, got nothing, interpreting");
  assertThrows(
    () => interpret(square, { A: new Float32Array(9), B: new Float32Array(9) }),
    IrError,
    "cannot tell m of add from its inputs' lengths: give shapes { m: … }",
  );
});

/** `out[at(v)] = A[from(v)]` for v in 0 … 7. */
const moving = (at: (v: Expr) => Expr, from: (v: Expr) => Expr, extent = 8) =>
  new PrimFunc(
    "moving",
    [A, B],
    [],
    [],
    forLoop(i, 8, block("B", [iterVar(v, extent)], [i], store(B, [at(v)], load(A, from(v))))),
  );

Deno.test("an index out of its buffer is an error, in any dimension, for reads and writes", () => {
  const refused = (f: PrimFunc, says: string, inputs: Arrays = { A: counting }) =>
    assertThrows(() => interpret(f, inputs), IrError, says);
  const same = (e: Expr) => e;
  refused(moving(same, (v) => add(v, 1)), "moving: index 8 is out of dimension 0 of A, which has 8 elements");
  refused(
    moving((v) => sub(v, 2), same),
    "moving: index -2 is out of dimension 0 of B, which has 8 elements",
  );
  const M = buffer("M", [2, 4]), out = buffer("out", [1]);
  const wide = new PrimFunc("wide", [M, out], [], [], store(out, [zero], load(M, 0, 5)));
  // It would be an element of M, but not of row 0.
  refused(wide, "wide: index 5 is out of dimension 1 of M, which has 4 elements", { M: counting });
  const n = variable("n"), G = buffer("G", [n]);
  const grown = new PrimFunc("grown", [G, out], [n], [], store(out, [zero], load(G, n)));
  refused(grown, "grown: index 8 is out of dimension 0 of G, which has 8 elements", { G: counting });
});

Deno.test("an index that is read from memory is checked too", () => {
  const I = buffer("I", [8], "i32");
  const gather = new PrimFunc(
    "gather",
    [A, I, B],
    [],
    [],
    forLoop(i, 8, block("B", [iterVar(v, 8)], [i], store(B, [v], load(A, load(I, v))))),
  );
  const at = (...k: readonly number[]) => ({ A: counting, I: Int32Array.from(k) });
  assertEquals([...interpret(gather, at(7, 6, 5, 4, 3, 2, 1, 0)).B ?? []], [8, 7, 6, 5, 4, 3, 2, 1]);
  assertThrows(
    () => interpret(gather, at(0, 0, 0, 9, 0, 0, 0, 0)),
    IrError,
    "gather: index 9 is out of dimension 0 of A",
  );
});

Deno.test("an axis out of its extent is an error", () => {
  const f = moving((e) => e, (e) => e, 6);
  assertThrows(
    () => interpret(f, { A: counting }),
    IrError,
    "moving: axis v takes the value 6, which is out of its extent",
  );
  const low = forLoop(i, 8, block("B", [iterVar(v, 8)], [sub(i, 1)], store(B, [zero], load(A, 0))));
  assertThrows(() => run(low, [A, B]), IrError, "f: axis v takes the value -1");
});

Deno.test("without checks, reads outside are NaN and writes outside are dropped", () => {
  const f = moving((v) => add(v, 1), (v) => add(v, 2), 8);
  const { B: out } = interpret(f, { A: counting }, { check: false });
  assertEquals([...out ?? []], [NaN, 3, 4, 5, 6, 7, 8, NaN]);
});

Deno.test("vectors are refused, as they have no place before lowering", () => {
  const ramp: Expr = { kind: "ramp", dtype: "i32x4", base: zero, stride: 1 };
  const f = new PrimFunc("f", [A, B], [], [], {
    kind: "store",
    buffer: B,
    indices: [ramp],
    value: load(A, zero),
  });
  const error = assertThrows(() => interpret(f, { A: counting }), IrError, "cannot interpret a ramp");
  assertMatch(error.message, /vectors appear only in lowered programs/);
});

Deno.test("integers wrap at 32 bits", () => {
  assertEquals(of("i32", (a) => add(a, 1), 2 ** 31 - 1), [-(2 ** 31)]);
  assertEquals(of("u32", (a) => sub(a, 1), 0), [2 ** 32 - 1]);
  assertEquals(of("i32", (a) => mul(a, a), 65537), [131073]);
  assertEquals(of("u32", (a) => mul(a, a), 2 ** 32 - 1), [1]);
  assert(of("u32", (a) => binary("shl", a, constant(31, "u32")), 3)[0] === 2 ** 31);
});

Deno.test("a quotient is rounded down, and the remainder has the divisor's sign", () => {
  const all = Array.from({ length: 15 }, (_, k) => k - 7);
  for (const divisor of [-5, -3, -1, 1, 2, 3, 4, 7]) {
    for (const values of [all.slice(0, 8), all.slice(7)]) {
      const quotients = of("i32", (a) => binary("floordiv", a, constant(divisor)), ...values);
      const remainders = of("i32", (a) => binary("floormod", a, constant(divisor)), ...values);
      values.forEach((x, k) => {
        const q = quotients[k] as number, r = remainders[k] as number;
        assertEquals(q * divisor + r, x);
        assert(divisor > 0 ? r >= 0 && r < divisor : r <= 0 && r > divisor, `${x} / ${divisor}: ${q}, ${r}`);
      });
    }
  }
});
