/** Neighbouring axes become one where nothing tells them apart. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { add, cast, mul } from "../../lib/ir/build.ts";
import type { Expr } from "../../lib/ir/expr.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { printExpr } from "../../lib/ir/print.ts";
import { verifyFunc } from "../../lib/ir/verify.ts";
import { interpret } from "../../lib/interp/interpret.ts";
import { match, schedule } from "../../lib/dlight/schedule.ts";
import { compile } from "../../lib/codegen/compile.ts";
import { equalFunc } from "../../lib/ir/equal.ts";
import { replay } from "../../lib/schedule/trace.ts";
import { devices } from "../devices.ts";
import { collapseAxes } from "../../lib/schedule/collapse_axes.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import { CASES } from "../dlight/operators.ts";
import { shows } from "./shown.ts";
import { randomInputs } from "../../lib/measure/random_inputs.ts";
import { arbProgram, arbSymbolicProgram } from "../ir/random_program.ts";

const { placeholder } = te;
const shapes = (f: PrimFunc) =>
  f.params.map((b) => `[${b.shape.map((d) => printExpr(d)).join(", ")}]`).join(" ");

/** The shapes of parameters after, and the rule that takes the program then. */
const SHOWN: readonly (readonly [string, PrimFunc, string, string])[] = [
  ["a product of rows", linear([2, 7, 64]), "[14, 64] [32, 64] [14, 32]", "Matmul"],
  ["a product of one batch", linear([1, 7, 64]), "[7, 64] [32, 64] [7, 32]", "Matmul"],
  ["a product of symbolic rows", linear([1, "n", 64]), "[n, 64] [32, 64] [n, 32]", "Matmul"],
  ["a product of symbolic batches", linear(["b", 5, 64]), "[b * 5, 64] [32, 64] [b * 5, 32]", "Matmul"],
  ["one token", linear([1, 1, 64]), "[1, 64] [32, 64] [1, 32]", "GEMV"],
  ["two batches", batches(), "[8, 7, 16] [8, 9, 16] [8, 7, 9]", "Matmul"],
  ["rows of a softmax", softmax([1, 3, 64]), "[3, 64] [3, 64]", "Reduction"],
  ["a map", te.gelu({ shape: [2, 3, 4] }), "[24] [24]", "Elementwise"],
  ["an image", te.conv2d({ height: 5, width: 5, channels: 3, filters: 4, kernel: 3 }), "", ""],
];

function linear(shape: readonly (number | string)[]): PrimFunc {
  const A = placeholder("A", shape), W = placeholder("W", [32, 64]);
  return te.primFunc("linear", [A, W, op.linear(A, W)]);
}
function batches(): PrimFunc {
  const Q = placeholder("Q", [2, 4, 7, 16]), K = placeholder("K", [2, 4, 9, 16]);
  return te.primFunc("scores", [Q, K, op.matmul(Q, K, { transposeB: true })]);
}
function softmax(shape: readonly number[]): PrimFunc {
  const A = placeholder("A", shape);
  return te.primFunc("softmax", [A, op.softmax(A)]);
}

for (const [name, func, after, rule] of SHOWN) {
  Deno.test(`axes of ${name}`, () => {
    const now = collapseAxes(func);
    if (after === "") assertEquals(now, func);
    else {
      assertEquals(shapes(now), after);
      assertEquals(match(now, targetOf("generic-webgpu")).rule, rule);
    }
  });
}

Deno.test("two axes become one, in every block", () => {
  const A = placeholder("A", [2, 3, 5]), b = placeholder("b", [5]), k = te.reduceAxis(5);
  const sums = te.compute("S", [2, 3], (i, j) => te.sum(mul(A.at(i, j, k.var), b.at(k.var)), [k]));
  const Y = te.compute("Y", [2, 3, 5], (i, j, l) => add(A.at(i, j, l), sums.at(i, j)));
  const func = te.primFunc("rows", [A, b, Y]);
  shows("collapse_axes", func, (sch) => sch.collapseAxes());
});

Deno.test("axes that something tells apart stay", () => {
  const A = placeholder("A", [2, 3]), c = placeholder("c", [2]);
  const stays = (make: (i: Expr, j: Expr) => Expr, shape = [2, 3]) => {
    const f = te.primFunc("f", [A, c, te.compute("Y", shape, (i, j) => make(i as Expr, j as Expr))]);
    assertEquals(collapseAxes(f), f, String(f));
  };
  stays((i, j) => add(A.at(i, j), c.at(i)));
  stays((i, j) => A.at(j, i), [3, 2]);
  stays((i, j) => mul(A.at(i, j), cast("f32", i)));
  stays((i, j) => A.at(i, j), [2, 2]);
  stays((i, j) => A.at(i, add(j, 1)), [2, 2]);
});

function keeps(f: PrimFunc, seed: number, sizes: Readonly<Record<string, number>>): boolean {
  const now = collapseAxes(f);
  verifyFunc(now);
  const inputs = randomInputs(f, seed, sizes);
  assertEquals(
    interpret(now, inputs, { shapes: sizes }),
    interpret(f, inputs, { shapes: sizes }),
    `${f}\n${now}`,
  );
  return now !== f;
}

Deno.test("what programs compute stays", () => {
  let changed = 0;
  for (const { func, shapes } of CASES) changed += +keeps(func, 1, shapes);
  fc.assert(fc.property(arbProgram, fc.nat(), (f, seed) => void (changed += +keeps(f, seed, {}))));
  fc.assert(fc.property(arbSymbolicProgram, fc.nat(), ({ func, shapes }, seed) => {
    changed += +keeps(func, seed, shapes);
  }));
  assert(changed > 50, `${changed}`);
});

Deno.test("rules look at rows, and their traces begin with the step that makes them", () => {
  const func = linear(["b", 5, 64]), { trace } = schedule(func, targetOf("generic-webgpu"));
  assertEquals(trace.steps[0], { op: "collapseAxes" });
  assert(equalFunc(replay(func, trace.toJSON()), schedule(func, targetOf("generic-webgpu")).func));
});

Deno.test("shape variables follow from lengths of several axes", async () => {
  const func = linear(["b", 5, 64]);
  for (const device of devices) {
    using program = await device.load(compile(schedule(func, device.target).func, device.target));
    const inputs = { A: new Float32Array(3 * 5 * 64).fill(1), W: new Float32Array(32 * 64).fill(0.5) };
    const { C } = await program.run(inputs);
    assertEquals(C, new Float32Array(3 * 5 * 32).fill(32));
  }
});
