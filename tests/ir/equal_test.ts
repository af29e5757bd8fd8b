import { assert, assertEquals, assertFalse } from "@std/assert";
import fc from "fast-check";
import {
  add,
  binary,
  block,
  buffer,
  constant,
  forLoop,
  iterVar,
  load,
  mul,
  seq,
  store,
  variable,
} from "../../lib/ir/build.ts";
import { equalExpr, equalFunc, equalStmt, Renaming } from "../../lib/ir/equal.ts";
import { PrimFunc } from "../../lib/ir/func.ts";
import { printExcerpt } from "../../lib/ir/print.ts";
import type { LoopKind } from "../../lib/ir/stmt.ts";
import { mutants } from "./mutants.ts";
import { arbProgram, arbSymbolicProgram } from "./random_program.ts";

/** `B[i] = A[i]·2`, with names of the caller's choice. */
function copy(names: { loop?: string; axis?: string; a?: string; b?: string }, loop: LoopKind = "serial") {
  const { loop: i = "i", axis = "vi", a = "A", b = "B" } = names;
  const [v, w] = [variable(i), variable(axis)];
  const A = buffer(a, [8]), B = buffer(b, [8]);
  const body = block("copy", [iterVar(w, 8)], [v], store(B, [w], mul(load(A, w), constant(2, "f32"))));
  return new PrimFunc("copy", [A, B], [], [], forLoop(v, 8, body, loop));
}

Deno.test("names of loops, axes and buffers do not count", () => {
  assert(equalFunc(copy({}), copy({ loop: "x", axis: "y", a: "input", b: "output" })));
  assert(equalFunc(copy({ a: "A", b: "B" }), copy({ a: "B", b: "A" })));
});

Deno.test("a program is equal to itself, and to no mutant of it", () => {
  fc.assert(
    fc.property(fc.oneof(arbProgram, arbSymbolicProgram.map((x) => x.func)), (f) => {
      assert(equalFunc(f, f));
      let n = 0;
      for (const mutant of mutants(f)) {
        n++;
        const what = printExcerpt(mutant.body, 40);
        assertFalse(equalFunc(f, mutant), what);
        assertFalse(equalFunc(mutant, f), what);
      }
      assert(n > 20);
    }),
    { numRuns: 40 },
  );
});

Deno.test("which of two variables or buffers is meant counts, even where they look alike", () => {
  const i = variable("i"), j = variable("i"), A = buffer("A", [8, 8]), B = buffer("B", [8, 8]);
  const of = (at: readonly [typeof i, typeof i]) =>
    new PrimFunc("f", [A, B], [], [], forLoop(i, 8, forLoop(j, 8, store(B, [i, j], load(A, ...at)))));
  assert(equalFunc(of([i, j]), of([i, j])));
  assertFalse(equalFunc(of([i, j]), of([j, i])));
  const swapped = of([i, j]).with({ params: [B, A] });
  assertFalse(equalFunc(of([i, j]), swapped));
});

Deno.test("a renaming is one to one", () => {
  const x = variable("x"), y = variable("y"), u = variable("u"), w = variable("w");
  const names = new Renaming();
  names.bind(x, u);
  assert(names.matches(x, u));
  assertFalse(names.matches(x, x));
  assertFalse(names.matches(u, u));
  assertFalse(names.matches(y, u));
  assertFalse(names.matches(x, w));
  assert(names.matches(w, w));
  assertFalse(names.matches(w, y));
  assert(equalExpr(add(x, w), add(u, w), names));
  assertFalse(equalExpr(add(x, x), add(u, x), names));
  names.bind(y, u);
  assertEquals([names.matches(x, u), names.matches(y, u)], [false, true]);
});

Deno.test("free variables and buffers are themselves", () => {
  const i = variable("i"), A = buffer("A", [8]);
  assert(equalStmt(store(A, [i], load(A, i)), store(A, [i], load(A, i))));
  assertFalse(equalStmt(store(A, [i], load(A, i)), store(A, [variable("i")], load(A, i))));
  assertFalse(equalStmt(store(A, [i], load(A, i)), store(buffer("A", [8]), [i], load(A, i))));
});

Deno.test("values count as they are: dtype, sign of zero, order of a seq", () => {
  assertFalse(equalExpr(constant(1), constant(1, "u32")));
  assertFalse(equalExpr(constant(0, "f32"), constant(-0, "f32")));
  assert(equalExpr(constant(NaN, "f32"), constant(NaN, "f32")));
  const A = buffer("A", [8]), x = store(A, [constant(0)], constant(1, "f32"));
  const y = store(A, [constant(1)], constant(1, "f32"));
  assertFalse(equalStmt(seq(x, y), seq(y, x)));
  assertFalse(equalStmt(seq(x, y), seq(x, y, y)));
  assertFalse(equalStmt({ kind: "barrier", memory: "shared" }, x));
  assert(equalStmt({ kind: "barrier", memory: "shared" }, { kind: "barrier", memory: "shared" }));
});

Deno.test("let binds, vectors and optional parts compare", () => {
  const A = buffer("A", [8]);
  const named = (name: string, value: number) => {
    const v = variable(name);
    return { kind: "let", var: v, value: constant(value), body: store(A, [v], constant(0, "f32")) } as const;
  };
  assert(equalStmt(named("x", 3), named("y", 3)));
  assertFalse(equalStmt(named("x", 3), named("x", 4)));
  const base = variable("b");
  const ramp = (stride: number) => ({ kind: "ramp", dtype: "i32x4", base, stride }) as const;
  assertEquals([1, 2].map((s) => equalExpr(ramp(1), ramp(s))), [true, false]);
  const lanes = (...at: number[]) =>
    ({ kind: "shuffle", dtype: "f32x2", lanes: at.map((v) => constant(v, "f32")) }) as const;
  assertEquals([equalExpr(lanes(1, 2), lanes(1, 2)), equalExpr(lanes(1, 2), lanes(2, 1))], [true, false]);
  const cond = binary("lt", base, 4), then = store(A, [base], constant(0, "f32"));
  const whole = { kind: "if", cond, then, else: then } as const;
  assert(equalStmt(whole, { ...whole }));
  assertFalse(equalStmt(whole, { kind: "if", cond, then }));
  assertFalse(equalStmt({ kind: "if", cond, then }, whole));
});

Deno.test("annotations compare by key and value, in any order", () => {
  const f = (notes: Record<string, string | number | boolean>) =>
    forLoop(variable("i"), 8, { kind: "seq", body: [] }, "serial", notes);
  assert(equalStmt(f({ a: 1, b: "x" }), f({ b: "x", a: 1 })));
  assertFalse(equalStmt(f({ a: 1 }), f({ a: "1" })));
  assertFalse(equalStmt(f({ a: 1 }), f({ b: 1 })));
  assertFalse(equalStmt(f({}), f({ a: 1 })));
});
