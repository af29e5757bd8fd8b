import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  add,
  binary,
  block,
  buffer,
  call,
  cast,
  constant,
  FALSE,
  forLoop,
  iterVar,
  load,
  mul,
  select,
  store,
  TRUE,
  variable,
} from "../../lib/ir/build.ts";
import type { ScalarType } from "../../lib/ir/dtype.ts";
import { equalFunc } from "../../lib/ir/equal.ts";
import { IrError } from "../../lib/ir/error.ts";
import type { Expr } from "../../lib/ir/expr.ts";
import { fingerprint } from "../../lib/ir/fingerprint.ts";
import { PrimFunc } from "../../lib/ir/func.ts";
import { funcFromJson, type FuncJson, funcToJson } from "../../lib/ir/func_json.ts";
import { interpret } from "../../lib/interp/interpret.ts";
import type { Stmt } from "../../lib/ir/stmt.ts";
import { verifyFunc } from "../../lib/ir/verify.ts";
import * as te from "../../lib/face/te.ts";
import { mutants } from "./mutants.ts";
import { arbProgram, arbSymbolicProgram, randomInputs } from "./random_program.ts";

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** As it comes from a file. */
const written = (f: PrimFunc): Json => JSON.parse(JSON.stringify(funcToJson(f)));

const arbFunc = fc.oneof(arbProgram, arbSymbolicProgram.map((x) => x.func));

Deno.test("programs survive JSON, by structure, text and fingerprint", () => {
  fc.assert(fc.property(arbFunc, (f) => {
    const g = funcFromJson(written(f));
    assert(equalFunc(f, g), `${f}\n${g}`);
    assertEquals(String(g), String(f));
    assertEquals(fingerprint(g), fingerprint(f));
  }));
});

Deno.test("operators survive JSON", () => {
  const all = [
    te.matmul({ m: "m", n: 64, k: 96, weights: "q4f16_1" }),
    te.gemv({ n: 64, k: 96, weights: "q4f32_1" }),
    te.softmax({ rows: "m", columns: "n" }),
    te.rmsNorm({ rows: 4, columns: "n" }),
    te.gelu({ shape: [4, 5], dtype: "f16", approximate: "tanh" }),
    te.gelu({ shape: [7] }),
  ];
  for (const f of all) assert(equalFunc(f, funcFromJson(written(f))), String(f));
});

Deno.test("every node survives JSON, also those that a builder would have folded", () => {
  const [A, B] = [buffer("A", [8]), buffer("B", [8])];
  const [W, X] = [buffer("W", [8], "u32"), buffer("X", [8], "bool", "shared")];
  const v = variable("v"), a = load(A, v);
  const of = (op: "add" | "and", dtype: ScalarType, x: Expr, y: Expr): Expr => ({
    kind: "binary",
    dtype,
    op,
    a: x,
    b: y,
  });
  const values: readonly Expr[] = [
    call("fma", a, a, a),
    cast("f32", call("dot4I8Packed", constant(7, "u32"), load(W, v))),
    select(binary("lt", a, constant(0, "f32")), a, constant(1.5, "f32")),
    cast("f32", binary("shr", load(W, v), constant(3, "u32"))),
    cast("f32", { kind: "not", dtype: "bool", a: load(X, v) }),
    of("add", "f32", constant(1, "f32"), constant(2, "f32")),
    of("add", "f32", a, constant(-0, "f32")),
    { kind: "select", dtype: "f32", cond: TRUE, a, b: a },
    { kind: "select", dtype: "f32", cond: of("and", "bool", TRUE, FALSE), a, b: a },
    { kind: "cast", dtype: "f32", a },
    { kind: "cast", dtype: "f32", a: constant(1) },
    { kind: "cast", dtype: "f32", a: { kind: "not", dtype: "bool", a: FALSE } },
    load(A, of("add", "i32", v, constant(0))),
  ];
  const stores = values.map((value): Stmt => store(B, [v], value));
  const inner: Stmt = { kind: "seq", body: [...stores.slice(0, 2), { kind: "seq", body: stores.slice(2) }] };
  const cond = binary("ne", v, 3);
  const body: Stmt = {
    kind: "seq",
    body: [
      { kind: "seq", body: [] },
      { kind: "if", cond, then: inner, else: { kind: "seq", body: stores.slice(0, 1) } },
      { kind: "if", cond, then: store(X, [v], load(X, v)) },
    ],
  };
  const i = variable("i");
  const b = block("all", [iterVar(v, 8, "reduce")], [i], body, {
    where: binary("lt", i, 7),
    init: store(B, [constant(0)], constant(-3.4028234663852886e38, "f32")),
    annotations: { text: "x", number: 1.5, flag: true },
  });
  const f = new PrimFunc("all", [A, B, W], [], [X], forLoop(i, 8, b, "threadIdx.x", { unroll: 16 }));
  const g = funcFromJson(written(f));
  assert(equalFunc(f, g), `${f}\n${g}`);
});

Deno.test("what differs in a program differs in its JSON", () => {
  fc.assert(
    fc.property(arbFunc, (f) => {
      const text = JSON.stringify(funcToJson(f));
      for (const m of mutants(f)) assert(JSON.stringify(funcToJson(m)) !== text, String(m));
    }),
    { numRuns: 20 },
  );
});

/** Paths to everything in `x`. */
function* paths(x: Json, path: readonly (string | number)[] = []): Generator<readonly (string | number)[]> {
  if (path.length > 0) yield path;
  if (typeof x !== "object" || x === null) return;
  for (const [k, y] of Object.entries(x)) yield* paths(y, [...path, Array.isArray(x) ? Number(k) : k]);
}
function at(x: Json, path: readonly (string | number)[]): Json {
  return path.reduce<Json>((y, k) => (y as Record<string | number, Json>)[k] ?? null, x);
}
/** `x` with `now` at `path`, or without what is there if `now` is undefined. */
function put(x: Json, path: readonly (string | number)[], now: Json | undefined): Json {
  const copy = structuredClone(x) as Record<string | number, Json>;
  const holder = at(copy, path.slice(0, -1)) as Json[] & Record<string | number, Json>;
  const key = path.at(-1) as string | number;
  if (now !== undefined) holder[key] = now;
  else if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else delete holder[key];
  return copy;
}

const STRANGE: readonly (Json | undefined)[] = [
  undefined,
  null,
  true,
  -1,
  0,
  1,
  0.5,
  2,
  7,
  1e300,
  "",
  "i32",
  "f32",
  "u32",
  "bool",
  "add",
  "floordiv",
  "constructor",
  "__proto__",
  [],
  {},
  [0],
  { var: 0 },
  { buffer: 0 },
  { kind: "const", dtype: "i32", value: 1 },
];

Deno.test("a program's JSON with anything amiss is read as another program that runs, or refused", () => {
  const arbChange = fc.tuple(fc.nat(), fc.nat(), fc.nat());
  let read = 0, refused = 0;
  fc.assert(
    fc.property(arbFunc, fc.array(arbChange, { minLength: 1, maxLength: 2 }), (f, changes) => {
      let json = written(f);
      for (const [where, what, other] of changes) {
        const all = [...paths(json)];
        const from = all[other % all.length];
        // One in three is replaced by another part of the same program: well formed, but out of place.
        const now = what % 3 === 0 && from ? at(json, from) : STRANGE[what % STRANGE.length];
        json = put(json, all[where % all.length] ?? [], now);
      }
      const g = refusedOr(() => funcFromJson(json));
      if (g === undefined) return void refused++;
      read++;
      verifyFunc(g);
      assertEquals(fingerprint(funcFromJson(written(g))), fingerprint(g));
      const shapes = Object.fromEntries(g.shapeVars.map((v) => [v.name, 3]));
      refusedOr(() => interpret(g, randomInputs(g, 1, shapes), { shapes }));
    }),
    { numRuns: 800 },
  );
  assert(read > 10 && refused > 10, `${read} read, ${refused} refused`);
});

Deno.test("numbers and words of a program that are changed for others are read or refused", () => {
  const arbNow = fc.constantFrom<Json>(0, 1, 2, 5, "f32", "i32", "add", "reduce", "local", "serial", "A");
  fc.assert(
    fc.property(arbProgram, fc.nat(), arbNow, fc.nat(), (f, where, now, seed) => {
      const json = written(f);
      const all = [...paths(json)].filter((path) => typeof at(json, path) === typeof now);
      const g = refusedOr(() => funcFromJson(put(json, all[where % all.length] ?? [], now)));
      if (g) refusedOr(() => interpret(g, randomInputs(g, seed)));
    }),
    { numRuns: 500 },
  );
});

/** What `f` returns; undefined if it throws an IrError. Another error is a failure. */
function refusedOr<T>(f: () => T): T | undefined {
  try {
    return f();
  } catch (e) {
    assert(e instanceof IrError, e instanceof Error ? e.stack : String(e));
    return undefined;
  }
}

const plain: FuncJson = funcToJson(te.add({ shape: [4] }));

Deno.test("what is no program is refused with what is amiss", () => {
  const refused = (json: unknown, says: string) =>
    assertThrows(() => funcFromJson(json), IrError, `cannot read a program: ${says}`);
  refused(undefined, "expected an object, got undefined");
  refused([], "expected an object, got []");
  refused({}, "expected a list, got undefined");
  refused({ ...plain, name: 3 }, "expected text, got 3");
  refused({ ...plain, params: [9] }, 'no buffer {"buffer":9}');
  refused({ ...plain, params: ["A"] }, 'expected a number, got "A"');
  refused({ ...plain, shapeVars: [0.5] }, 'no variable {"var":0.5}');
  refused({ ...plain, shapeVars: [-1] }, 'no variable {"var":-1}');
  refused({ ...plain, vars: [{ name: "i", dtype: "i64" }] }, "expected one of f32, f16, i32, u32, bool, got");
  refused({ ...plain, body: { kind: "while" } }, "expected one of for, seq, if, store, block, got");
  refused({ ...plain, body: { kind: "barrier" } }, "expected one of for, seq, if, store, block, got");
  refused({ ...plain, body: null }, "expected an object, got null");
  const body = (x: Json) => ({ ...plain, body: x });
  const one = { kind: "const", dtype: "f32", value: 1 }, zero = { kind: "const", dtype: "i32", value: 0 };
  const put = (value: Json, indices: Json = [zero]) =>
    body({ kind: "store", buffer: { buffer: 2 }, indices, value });
  refused(put(zero), "cannot store i32 into C");
  refused(put(one, []), "a store to C has 0 indices");
  refused(put({ kind: "load", buffer: { buffer: 0 }, indices: [] }), "cannot load A with 0 indices");
  refused(put({ kind: "call", op: "exp", args: [one, one] }), "cannot call exp with 2 arguments");
  refused(
    put({ kind: "call", op: "subgroupShuffleXor", args: [one, one] }),
    "expected one of exp, exp2, log,",
  );
  refused(put({ kind: "call", op: "eval", args: [one] }), "expected one of exp, exp2, log,");
  refused(put({ kind: "binary", op: "add", a: one, b: zero }), "cannot build add of f32 and i32");
  refused(put({ kind: "const", dtype: "f32", value: null }), "expected a number, got null");
  const nothing = { kind: "seq", body: [] };
  const loop = { kind: "for", var: { var: 0 }, extent: zero, loop: "serial", body: nothing };
  refused(
    body({ ...loop, annotations: { a: [] } }),
    "annotation a is [], and not text, a number or a boolean",
  );
  refused(body({ ...loop, loop: "gpu", annotations: {} }), "expected one of serial, parallel,");
  const axes = { kind: "block", name: "b", iters: [], bindings: [zero], where: one, body: nothing };
  refused(body({ ...axes, annotations: {} }), 'block "b" binds 1 of 0 axes');
});

Deno.test("JSON that is nested without end is refused, and not a stack overflow", () => {
  let s: Json = { kind: "seq", body: [] };
  for (let k = 0; k < 50_000; k++) s = { kind: "seq", body: [s] };
  assertThrows(() => funcFromJson({ ...plain, body: s }), IrError, "nested more than 1000 deep");
  let e: Json = { kind: "const", dtype: "i32", value: 1 };
  for (let k = 0; k < 50_000; k++) e = { kind: "binary", op: "add", a: e, b: { var: 0 } };
  const shape = { name: "A", dtype: "f32", scope: "global", shape: [e] };
  assertThrows(() => funcFromJson({ ...plain, buffers: [shape] }), IrError, "nested more than 1000 deep");
});

Deno.test("a long sum is read", () => {
  const A = buffer("A", [900]), B = buffer("B", [1]), v = variable("v"), i = variable("i");
  let total: Expr = constant(0, "f32");
  for (let k = 0; k < 900; k++) total = add(total, load(A, k));
  const f = new PrimFunc(
    "long",
    [A, B],
    [],
    [],
    forLoop(i, 1, block("B", [iterVar(v, 1)], [i], store(B, [v], total))),
  );
  const g = funcFromJson(written(f));
  assertEquals(interpret(g, { A: new Float32Array(900).fill(1) }), { B: Float64Array.of(900) });
});

Deno.test("a node at many places is written once, and read back as one", () => {
  const A = te.placeholder("A", [8]);
  const chain = (n: number) =>
    te.primFunc("chain", [
      A,
      te.compute("Y", [8], (i) => {
        let x: Expr = A.at(i as Expr);
        for (let k = 0; k < n; k++) x = mul(x, add(x, constant(k, "f32")));
        return x;
      }),
    ]);
  // As trees these are 2¹² to 2⁶⁰ products.
  const lengths = [12, 30, 60].map((n) => {
    const f = chain(n), text = JSON.stringify(funcToJson(f)), g = funcFromJson(JSON.parse(text));
    assertEquals(JSON.stringify(funcToJson(g)), text);
    assertEquals(fingerprint(g), fingerprint(f));
    return text.length;
  });
  assert((lengths[2] as number) < 5.5 * (lengths[0] as number), `${lengths}`);
});

Deno.test("a node mentions nodes before it, and its levels count", () => {
  const A = te.placeholder("A", [8]);
  const f = te.primFunc("f", [A, te.compute("Y", [8], (i) => mul(A.at(i as Expr), constant(2, "f32")))]);
  const json = written(f) as { readonly [key: string]: Json };
  const one = { kind: "const", dtype: "f32", value: 1 };
  const sum = (a: Json, b: Json): Json => ({ kind: "binary", op: "add", dtype: "f32", a, b });
  for (
    const nodes of [[{ node: 0 }], [one, sum({ node: 1 }, { node: 0 })], [{ node: -1 }], [{ node: "0" }]]
  ) {
    assertThrows(() => funcFromJson({ ...json, nodes }), IrError, "cannot read a program");
  }
  const nodes: Json[] = [one];
  for (let k = 0; k < 1001; k++) nodes.push(sum({ node: k }, { node: k }));
  assertThrows(() => funcFromJson({ ...json, nodes }), IrError, "more than 1000 deep");
});
