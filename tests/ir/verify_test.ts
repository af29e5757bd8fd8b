import {
  assertEquals,
  assertGreater,
  assertInstanceOf,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import fc from "fast-check";
import {
  add,
  block,
  broadcast,
  buffer,
  constant,
  FALSE,
  forLoop,
  iterVar,
  load,
  lt,
  mul,
  store,
  TRUE,
  variable,
} from "../../lib/ir/build.ts";
import type { DType } from "../../lib/ir/dtype.ts";
import { IrError, VerifyError } from "../../lib/ir/error.ts";
import type { BinaryOp, Buffer, Call, Expr, MathOp, Scope, Var } from "../../lib/ir/expr.ts";
import { PrimFunc } from "../../lib/ir/func.ts";
import { interpret } from "../../lib/interp/interpret.ts";
import type { Block, IterVar, LoopKind, Stmt } from "../../lib/ir/stmt.ts";
import { type IrStage, verifyFunc } from "../../lib/ir/verify.ts";
import * as te from "../../lib/face/te.ts";
import { mutants } from "./mutants.ts";
import { arbProgram, arbSymbolicProgram, randomInputs } from "./random_program.ts";
import { retiled, withoutBlocks } from "./retile.ts";

const arbFunc = fc.oneof(arbProgram, arbSymbolicProgram.map((x) => x.func));

Deno.test("random programs are well formed, over other loops and without blocks too", () => {
  const choices = fc.array(fc.constantFrom(0, 1, 2, 3), { minLength: 1, maxLength: 5 });
  fc.assert(fc.property(arbFunc, choices, (f, choices) => {
    verifyFunc(f);
    verifyFunc(retiled(f, choices));
    verifyFunc(withoutBlocks(retiled(f, choices)), "lowered");
  }));
});

Deno.test("every operator is well formed", () => {
  const all: readonly PrimFunc[] = [
    te.matmul({ m: 4, n: 5, k: 6 }),
    te.matmul({ m: 4, n: 5, k: 6, batch: 2, transposeA: true, transposeB: true, dtype: "f16" }),
    te.matmul({ m: "m", n: "n", k: "k", batch: "b" }),
    te.matmul({ m: "m", n: 5, k: 33, weights: "q4f16_1" }),
    te.matmul({ m: 4, n: 5, k: 33, weights: "q4f32_1" }),
    te.gemv({ n: 5, k: 6 }),
    te.gemv({ n: "n", k: "k", transposeA: true, dtype: "f16" }),
    te.gemv({ n: 5, k: 33, weights: "q4f16_1" }),
    te.softmax({ rows: 4, columns: "n" }),
    te.rmsNorm({ rows: "m", columns: "n" }),
    te.reduceSum({ rows: 4, columns: 5 }),
    te.transpose({ rows: 4, columns: 5 }),
    te.add({ shape: [] }),
    te.mul({ shape: [2, 3, 4, 5, 6, 7], dtype: "f16" }),
    te.silu({ shape: ["n"] }),
    te.gelu({ shape: [7], dtype: "f16" }),
    te.gelu({ shape: [7], approximate: "tanh" }),
    te.dequantizeQ4({ n: 5, k: 33, layout: "q4f16_1" }),
    te.dequantizeQ4({ n: "n", k: "k", layout: "q4f32_1" }),
  ];
  for (const f of all) verifyFunc(f);
});

Deno.test("a program that is changed anywhere is well formed and runs, or is refused with a typed error", () => {
  let accepted = 0, refused = 0;
  const typed = (f: () => void, type: typeof IrError): boolean => {
    try {
      f();
    } catch (e) {
      assertInstanceOf(e, type, e instanceof Error ? e.stack : "");
      return false;
    }
    return true;
  };
  fc.assert(
    fc.property(arbProgram, fc.nat(), (f, seed) => {
      for (const m of mutants(f)) {
        if (!typed(() => verifyFunc(m), VerifyError)) refused++;
        else accepted += +typed(() => void interpret(m, randomInputs(m, seed)), IrError);
      }
    }),
    { numRuns: 15 },
  );
  assertGreater(accepted, 100);
  assertGreater(refused, 100);
});

const A = buffer("A", [8]), B = buffer("B", [8]), X = buffer("X", [8], "bool"), U = buffer("U", [8], "u32");
const i = variable("i"), j = variable("j"), v = variable("v"), r = variable("r"), m = variable("m");
const half = constant(0.5, "f32"), seven = constant(7);
const a = load(A, v);

interface Parts {
  readonly params?: readonly Buffer[];
  readonly allocs?: readonly Buffer[];
  readonly shapeVars?: readonly Var[];
}
const func = (body: Stmt, { params = [A, B, X, U], allocs = [], shapeVars = [] }: Parts = {}) =>
  new PrimFunc("f", params, shapeVars, allocs, body);
const loop = (body: Stmt, more: { v?: Var; extent?: Expr; kind?: LoopKind } = {}) =>
  forLoop(more.v ?? i, more.extent ?? constant(8), body, more.kind);
/** A loop over one block `b` with one axis, v. */
const inBlock = (body: Stmt, more: Partial<Block> = {}, loops: Parameters<typeof loop>[1] = {}) =>
  loop({ ...block("b", [iterVar(v, 8)], [loops.v ?? i], body), ...more }, loops);
const storing = (value: Expr, to = B) => func(inBlock(store(to, [v], value)));
const putting = (value: Expr) => func(inBlock({ kind: "store", buffer: B, indices: [v], value }));
const iters = (...list: readonly IterVar[]) => ({ iters: list });
const bin = (op: BinaryOp, x: Expr, y: Expr, dtype: DType = x.dtype): Expr => ({
  kind: "binary",
  dtype,
  op,
  a: x,
  b: y,
});
const calling = (op: MathOp, args: readonly Expr[], dtype: DType = "f32"): Call => ({
  kind: "call",
  dtype,
  op,
  args,
});
const asFloat = (x: Expr): Expr => ({ kind: "cast", dtype: "f32", a: x });
const scoped = (scope: Scope) => buffer("S", [8], "f32", scope);
const ones = (b: Buffer) => inBlock(store(b, [v], half));

Deno.test("what the broken programs below are made of is well formed", () => {
  verifyFunc(storing(a));
  verifyFunc(storing(TRUE, X));
  verifyFunc(storing(asFloat(bin("shr", load(U, v), constant(1, "u32")))));
  verifyFunc(
    func(ones(scoped("shared")), { allocs: [scoped("local")], params: [] }).with({
      body: ones(A),
      params: [A],
    }),
  );
  verifyFunc(func(inBlock(store(B, [v], half), { init: store(B, [v], half), where: lt(i, 3) })));
});

const BROKEN: readonly (readonly [what: string, f: PrimFunc, message: string])[] = [
  // Names and scopes
  ["a variable of nowhere", storing(load(A, j)), "variable j is used outside of what binds it"],
  [
    "a loop's variable after the loop",
    func({ kind: "seq", body: [inBlock(store(B, [v], half)), block("c", [], [], store(B, [i], half))] }),
    "variable i is used outside of what binds it",
  ],
  [
    "an axis in its own value",
    func(inBlock(store(B, [v], half), { bindings: [v] })),
    "variable v is used outside",
  ],
  [
    "an axis in the condition",
    func(inBlock(store(B, [v], half), { where: lt(v, 3) })),
    "variable v is used outside",
  ],
  [
    "a reduce axis in init",
    func(inBlock(store(B, [v], half), {
      ...iters(iterVar(v, 8), iterVar(r, 8, "reduce")),
      bindings: [i, i],
      init: store(B, [r], half),
    })),
    "variable r is used outside",
  ],
  [
    "a shape variable that is not declared",
    func(ones(B), { params: [buffer("B", [m])] }),
    "variable m is used",
  ],
  [
    "a buffer of nowhere",
    storing(load(buffer("D", [8]), v)),
    "buffer D is neither a parameter nor an intermediate",
  ],
  ["a store to nowhere", func(ones(buffer("D", [8]))), "buffer D is neither a parameter nor an intermediate"],
  ["one loop within itself", func(loop(inBlock(store(B, [v], half)))), "there are two loops i"],
  [
    "two loops of one name",
    func(loop(inBlock(store(B, [v], half), {}, { v: variable("i") }))),
    "there are two loops i; give one of them another name",
  ],
  [
    "one variable in two axes",
    func(inBlock(store(B, [v], half), { ...iters(iterVar(v, 8), iterVar(v, 8)), bindings: [i, i] })),
    "variable v is bound twice",
  ],
  [
    "two blocks of one name",
    func({ kind: "seq", body: [inBlock(store(B, [v], half)), inBlock(store(B, [v], half), {}, { v: j })] }),
    "there are two blocks b; give one of them another name",
  ],
  ["two buffers of one name", func(ones(B), { params: [B, buffer("B", [8])] }), "there are two buffers B"],
  ["a buffer twice", func(ones(B), { params: [B], allocs: [B] }), "there are two buffers B"],
  [
    "two shape variables of one name",
    func(ones(B), { shapeVars: [m, variable("m")] }),
    "there are two shape variables m",
  ],
  // Extents
  [
    "an empty loop",
    func(inBlock(store(B, [v], half), {}, { extent: constant(0) })),
    "the extent of loop i is 0",
  ],
  [
    "an empty axis",
    func(inBlock(store(B, [v], half), iters(iterVar(v, -1)))),
    "the extent of axis v is -1; extents are positive",
  ],
  ["an empty dimension", func(ones(B), { params: [B, buffer("E", [4, 0])] }), "a dimension of E is 0"],
  [
    "half a turn",
    func(inBlock(store(B, [v], half), {}, { extent: half })),
    "the extent of loop i is of f32, and not an integer",
  ],
  [
    "a dimension of 1.5",
    func(ones(B), { params: [B, buffer("E", [1.5])] }),
    "constant 1.5 is not a value of i32",
  ],
  [
    "a dimension of 2^31",
    func(ones(B), { params: [B, buffer("E", [2 ** 31])] }),
    "constant 2147483648 is not a value",
  ],
  // Dtypes of variables
  [
    "a u32 loop",
    func(inBlock(store(B, [v], half), { bindings: [constant(0)] }, { v: variable("u", "u32") })),
    "loop variable u is u32, and not i32",
  ],
  [
    "a u32 axis",
    func(inBlock(store(B, [v], half), iters(iterVar(variable("w", "u32"), 8)))),
    "axis w is u32, and not i32",
  ],
  [
    "a f32 shape variable",
    func(ones(B), { shapeVars: [variable("m", "f32")] }),
    "shape variable m is f32, and not i32",
  ],
  [
    "an axis of f32",
    func(inBlock(store(B, [v], half), { bindings: [half] })),
    "block b binds an axis to f32",
  ],
  [
    "a condition of i32",
    func(inBlock(store(B, [v], half), { where: i })),
    "the condition of block b is of i32, and not bool",
  ],
  [
    "an if on i32",
    func(inBlock({ kind: "if", cond: v, then: store(B, [v], half) })),
    "the condition is of i32, and not bool",
  ],
  // Blocks
  [
    "an axis without a value",
    func(inBlock(store(B, [v], half), { bindings: [] })),
    "block b has 1 axes and 0 values for them",
  ],
  [
    "a block in a block",
    func(inBlock(block("inner", [], [], store(B, [v], half)))),
    "block inner stands inside another block",
  ],
  ["a store outside of a block", func(loop(store(B, [i], half))), "a store stands outside of any block"],
  [
    "an if outside of a block",
    func(loop({ kind: "if", cond: TRUE, then: ones(B) })),
    "a if stands outside of any block",
  ],
  // Memory
  [
    "a parameter in registers",
    func(ones(B), { params: [B, scoped("local")] }),
    "parameter S can't be in local",
  ],
  [
    "a parameter in workgroup memory",
    func(ones(B), { params: [B, scoped("shared")] }),
    "parameter S can't be in shared",
  ],
  [
    "an intermediate in a texture",
    func(ones(B), { params: [B], allocs: [scoped("texture")] }),
    "S can't be in texture memory: only a parameter can",
  ],
  [
    "a texture of bool",
    func(ones(B), { params: [B, { ...scoped("texture"), dtype: "bool" }] }),
    "S can't be in a texture: there is no format for bool",
  ],
  [
    "a uniform buffer of f16",
    func(ones(B), { params: [B, { ...scoped("uniform"), dtype: "f16" }] }),
    "S can't be in a uniform buffer: that holds f32, i32 and u32, and not f16",
  ],
  [
    "an intermediate in a uniform buffer",
    func(ones(B), { params: [B], allocs: [scoped("uniform")] }),
    "S can't be in uniform memory: only a parameter can",
  ],
  (() => {
    const T = scoped("texture");
    return [
      "a store to a texture",
      func(ones(T), { params: [T] }),
      "a store to S, which is in texture memory: that is read only",
    ];
  })(),
  [
    "too few indices",
    putting({ kind: "load", dtype: "f32", buffer: A, indices: [] }),
    "A with 0 indices: it has 1 dimensions",
  ],
  [
    "too many indices",
    func(inBlock({ kind: "store", buffer: B, indices: [v, v], value: half })),
    "B with 2 indices: it has 1 dimensions",
  ],
  ["an index of f32", putting({ ...a, indices: [half] }), "A indexed by f32: an index is an integer"],
  ["a load as i32", putting(asFloat({ ...a, dtype: "i32" })), "a load of i32 from A"],
  ["a store of i32", putting(seven), "a store of i32 to B, which is f32"],
  // Expressions
  ["i32 and f32", putting(bin("add", a, seven)), "add of f32 and i32: both sides must be one dtype"],
  ["a sum of booleans", putting(asFloat(bin("add", TRUE, FALSE))), "add of bool: it takes number operands"],
  [
    "whole division of floats",
    putting(bin("floordiv", a, half)),
    "floordiv of f32: it takes integer operands",
  ],
  ["division of integers", putting(asFloat(bin("div", v, seven))), "div of i32: it takes float operands"],
  ["bits of floats", putting(bin("bitand", a, a)), "bitand of f32: it takes integer operands"],
  ["logic on integers", putting(asFloat(bin("and", v, v))), "and of i32: it takes bool operands"],
  [
    "order of booleans",
    putting(asFloat(bin("lt", TRUE, FALSE, "bool"))),
    "lt of bool: it takes number operands",
  ],
  ["a comparison as i32", putting(asFloat(bin("lt", v, seven, "i32"))), "lt of i32 typed i32, and not bool"],
  ["a sum typed f16", putting(asFloat(bin("add", a, a, "f16"))), "add of f32 typed f16, and not f32"],
  ["division by zero", putting(asFloat(bin("floordiv", v, constant(0)))), "floordiv by zero"],
  ["remainder by zero", putting(asFloat(bin("floormod", v, constant(0)))), "floormod by zero"],
  ["not of i32", putting(asFloat({ kind: "not", dtype: "i32", a: v })), "a not of i32"],
  [
    "a choice by i32",
    putting({ kind: "select", dtype: "f32", cond: v, a, b: a }),
    "a select by i32: its condition is bool",
  ],
  [
    "a choice of two types",
    putting({ kind: "select", dtype: "f32", cond: TRUE, a, b: seven }),
    "a select of f32 and i32 as f32: all three must be one dtype",
  ],
  ["a cast that adds lanes", putting({ kind: "cast", dtype: "f32x4", a: v }), "a cast of i32 to f32x4"],
  ["too few arguments", putting(calling("pow", [a])), "pow of 1 arguments: it takes 2"],
  [
    "a function of i32",
    putting(asFloat(calling("exp", [v], "i32"))),
    "exp of i32: it takes floats; cast first",
  ],
  [
    "bytes that are no words",
    putting(asFloat(calling("dot4I8Packed", [v, v], "i32"))),
    "dot4I8Packed of i32: it takes u32, four signed bytes in each",
  ],
  [
    "a product of bytes typed u32",
    putting(asFloat(calling("dot4I8Packed", [load(U, v), load(U, v)], "u32"))),
    "dot4I8Packed typed u32, and not i32",
  ],
  [
    "threads that meet in a schedule",
    putting(calling("subgroupShuffleXor", [a, constant(1, "u32")])),
    "a subgroupShuffleXor appears only in lowered programs",
  ],
  [
    "bits of a bool",
    putting(calling("bitcastF32", [constant(1, "bool")])),
    "bitcastF32 of bool: it takes a type of 32 bits",
  ],
  [
    "bits typed otherwise",
    putting(asFloat(calling("bitcastI32", [a], "u32"))),
    "bitcastI32 of f32 typed u32",
  ],
  [
    "isNaN of an integer",
    putting(asFloat(calling("isNaN", [v], "bool"))),
    "isNaN of i32: it takes floats; cast first",
  ],
  ["isNaN that is a number", putting(calling("isNaN", [a])), "isNaN of f32 typed f32"],
  ["a function typed f16", putting(asFloat(calling("exp", [a], "f16"))), "exp of f32 typed f16"],
  ["half an integer", putting(asFloat(constant(1.5))), "constant 1.5 is not a value of i32"],
  ["a negative u32", putting(asFloat(constant(-1, "u32"))), "constant -1 is not a value of u32"],
  ["a boolean of 2", putting(asFloat(constant(2, "bool"))), "constant 2 is not a value of bool"],
  ["a number beyond f32", putting(constant(1e39, "f32")), "constant 1e+39 is not a value of f32"],
  ["a number beyond f16", putting(asFloat(constant(65520, "f16"))), "constant 65520 is not a value of f16"],
  ["no number", putting(constant(NaN, "f32")), "constant NaN is not a value of f32"],
  // What only lowered programs have
  ["a barrier", func({ kind: "barrier", memory: "shared" }), "a barrier appears only in lowered programs"],
  [
    "a let",
    func(inBlock({ kind: "let", var: j, value: seven, body: store(B, [j], half) })),
    "a let appears only in lowered programs",
  ],
  ["a vector", putting(broadcast(a, 4)), "a broadcast appears only in lowered programs"],
  [
    "a ramp",
    putting(asFloat({ kind: "ramp", dtype: "i32", base: v, stride: 1 })),
    "a ramp appears only in lowered programs",
  ],
  [
    "a shuffle",
    putting({ kind: "shuffle", dtype: "f32", lanes: [a] }),
    "a shuffle appears only in lowered programs",
  ],
  ["a load of four", putting({ ...a, dtype: "f32x4" }), "a load of f32x4 before lowering"],
];

Deno.test("a broken program is refused, and the message says why", () => {
  for (const [what, f, message] of BROKEN) refused(f, "schedule", message, what);
});

const zero = constant(0);
const lowered = (value: Expr, at: Expr = zero) => func({ kind: "store", buffer: B, indices: [at], value });
const ramp: Expr = { kind: "ramp", dtype: "i32x4", base: zero, stride: 1 };
const M = buffer("M", [8, 8]);
const reading = (indices: readonly Expr[], params = [A, B, M]): PrimFunc =>
  func({
    kind: "store",
    buffer: B,
    indices: [zero],
    value: { kind: "load", dtype: "f32", buffer: M, indices },
  }, { params });

Deno.test("lowered programs have names for values, barriers, flat accesses and vectors, and no blocks", () => {
  const x = variable("x", "f32"), k = variable("i");
  verifyFunc(func({ kind: "let", var: x, value: half, body: store(B, [zero], mul(x, x)) }), "lowered");
  verifyFunc(func({ kind: "barrier", memory: "global" }), "lowered");
  verifyFunc(reading([zero, zero]), "lowered");
  verifyFunc(reading([seven]), "lowered");
  verifyFunc(lowered({ kind: "broadcast", dtype: "f32x4", a: half }, ramp), "lowered");
  verifyFunc(lowered({ kind: "shuffle", dtype: "f32x2", lanes: [half, half] }), "lowered");
  // Loops may share a name, as unrolled copies do, and statements need no block.
  const turn = loop(store(B, [i], half));
  verifyFunc(func({ kind: "seq", body: [turn, turn, loop(store(B, [k], half), { v: k })] }), "lowered");
});

const BROKEN_LOWERED: readonly (readonly [what: string, f: PrimFunc, message: string])[] = [
  ["a block", storing(a), "block b is left in a lowered program"],
  [
    "a value of another type",
    func({ kind: "let", var: j, value: half, body: store(B, [j], half) }),
    "j and its value differ in dtype",
  ],
  [
    "a name after its scope",
    func({
      kind: "seq",
      body: [{ kind: "let", var: j, value: seven, body: store(B, [j], half) }, store(B, [j], half)],
    }),
    "variable j is used outside of what binds it",
  ],
  ["a loop within itself", func(loop(loop(store(B, [i], half)))), "variable i is bound twice"],
  ["three indices of two", reading([zero, zero, zero]), "M with 3 indices: it has 2 dimensions"],
  [
    "two lanes typed four",
    lowered({ kind: "shuffle", dtype: "f32x4", lanes: [half, half] }),
    "a shuffle of 2 lanes typed f32x4",
  ],
  [
    "lanes of another type",
    lowered({ kind: "shuffle", dtype: "f32x2", lanes: [half, zero] }),
    "a shuffle of f32 typed f32x2",
  ],
  [
    "a broadcast of i32",
    lowered({ kind: "broadcast", dtype: "f32x4", a: zero }),
    "a broadcast of i32 typed f32x4",
  ],
  [
    "a ramp of floats",
    lowered({ kind: "ramp", dtype: "f32x4", base: half, stride: 1 }),
    "a ramp of f32: it is for indices",
  ],
  [
    "a choice lane by lane of another width",
    lowered({
      kind: "select",
      dtype: "f32x4",
      cond: { kind: "broadcast", dtype: "boolx2", a: TRUE },
      a: broadcast(half, 4),
      b: broadcast(half, 4),
    }),
    "a select by boolx2: its condition is bool",
  ],
  [
    "a loop of four turns at once",
    func(loop(store(B, [i], half), { extent: ramp })),
    "the extent of loop i is of i32x4",
  ],
];

Deno.test("a broken lowered program is refused, and the message says why", () => {
  for (const [what, f, message] of BROKEN_LOWERED) refused(f, "lowered", message, what);
});

function refused(f: PrimFunc, stage: IrStage, message: string, what: string): void {
  const error = assertThrows(() => verifyFunc(f, stage), VerifyError, message, what);
  assertStringIncludes(error.message, "f is not well formed: ");
}

Deno.test("a refusal shows the statement, and is an IrError", () => {
  const error = assertThrows(() => verifyFunc(putting(asFloat(constant(-1, "u32")))), VerifyError);
  assertInstanceOf(error, IrError);
  assertEquals(error.name, "VerifyError");
  const wrong = storing(add(a, load(A, j)));
  assertEquals(
    assertThrows(() => verifyFunc(wrong), VerifyError).message,
    `\
f is not well formed: variable j is used outside of what binds it
  | B[v] = A[v] + A[j]`,
  );
});

Deno.test("the excerpt of a long statement is cut", () => {
  const body: Stmt = { kind: "seq", body: Array.from({ length: 40 }, () => store(B, [v], half)) };
  const f = func(inBlock(body, { where: i }));
  const lines = assertThrows(() => verifyFunc(f), VerifyError).message.split("\n");
  assertEquals(lines.length, 14);
  assertEquals(lines.at(-1), "  | … 31 more lines");
});
