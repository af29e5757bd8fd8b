/** A kernel never leaves its buffers: what isn't proven to lie inside is clamped. */
import { assertEquals } from "@std/assert";
import { compile } from "../../../lib/codegen/compile.ts";
import { fallback } from "../../../lib/dlight/fallback/fallback.ts";
import { schedule } from "../../../lib/dlight/schedule.ts";
import * as te from "../../../lib/face/te.ts";
import { add, cast, constant, lt, mul, select } from "../../../lib/ir/build.ts";
import type { PrimFunc } from "../../../lib/ir/func.ts";
import { Device } from "../../../lib/runtime/device.ts";
import { compute } from "../../../lib/te/compute.ts";
import { placeholder } from "../../../lib/te/tensor.ts";
import { primFunc } from "../../../lib/te/prim_func.ts";

const device = await Device.open({ backend: "cpu" });

const executableOf = (func: PrimFunc) =>
  compile(schedule(func, device.target, [fallback]).func, device.target);

/** Counts the clamped accesses in a kernel's text. */
const clampsIn = (func: PrimFunc) =>
  executableOf(func).launches.reduce(
    (n, l) => n + [...l.source.matchAll(/select\(t\d*, t\d*, i32\.lt_u/g)].length,
    0,
  );

Deno.test("an index from data stays inside of its buffer, wherever it points", async () => {
  const A = placeholder("A", [8]), at = placeholder("at", [6], "i32");
  const func = primFunc("gather", [A, at, compute("C", [6], (i) => A.at(at.at(i)))]);
  assertEquals(clampsIn(func) > 0, true);
  using program = await device.load(executableOf(func));
  // What lies beside A belongs to others.
  using before = device.tensor(new Float32Array(64).fill(77), [64]);
  const a = Float32Array.from({ length: 8 }, (_, k) => k + 1);
  const { C } = await program.run({ A: a, at: Int32Array.of(0, 7, 8, -1, 2 ** 31 - 1, -(2 ** 31)) });
  assertEquals([...C ?? []].every((x) => a.includes(x)), true);
  assertEquals(before.length, 64);
});

Deno.test("what the ranges of loops and conditions prove is not clamped", () => {
  assertEquals(clampsIn(te.matmul({ m: 64, n: 64, k: 64 })), 0);
  assertEquals(clampsIn(te.matmul({ m: "m", n: 64, k: 64 })), 0);
  assertEquals(clampsIn(te.add({ shape: ["n", 3] })), 0);
  const A = placeholder("A", [10]);
  const padded = compute(
    "C",
    [16],
    (i) => select(lt(i, constant(10)), A.at(i), constant(0, "f32")),
  );
  assertEquals(clampsIn(primFunc("pad", [A, padded])), 0);
});

Deno.test("arithmetic that wraps around proves nothing", async () => {
  const A = placeholder("A", [4]), at = placeholder("at", [4], "i32");
  const func = primFunc("wrap", [
    A,
    at,
    compute("C", [4], (i) => A.at(add(mul(cast("i32", at.at(i)), constant(1 << 30)), constant(3)))),
  ]);
  using program = await device.load(executableOf(func));
  const { C } = await program.run({ A: Float32Array.of(1, 2, 3, 4), at: Int32Array.of(4, 8, 3, -1) });
  assertEquals([...C ?? []].every((x) => [1, 2, 3, 4].includes(x)), true);
  assertEquals([...C ?? []].slice(0, 2), [4, 4]);
});
