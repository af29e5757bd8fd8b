/** The executable of a program: its launch plan, and what its source needs. */
import * as te from "../../lib/face/te.ts";
import { assertEquals, assertMatch, assertNotMatch, assertThrows } from "@std/assert";
import { compile } from "../../lib/codegen/compile.ts";
import type { Executable } from "../../lib/codegen/executable.ts";
import { fallback } from "../../lib/dlight/fallback/fallback.ts";
import { schedule } from "../../lib/dlight/schedule.ts";
import { binary, call, cast, constant, select } from "../../lib/ir/build.ts";
import type { Expr, Var } from "../../lib/ir/expr.ts";
import { PrimFunc } from "../../lib/ir/func.ts";
import { VerifyError } from "../../lib/ir/error.ts";
import { LimitError } from "../../lib/lower/error.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { CAPABILITIES } from "../../lib/target/capabilities.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import type { Target } from "../../lib/target/target.ts";
import { compute } from "../../lib/te/compute.ts";
import { placeholder } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";

const generic = targetOf("generic-webgpu"), cpu = targetOf("cpu");
const script: Target = { ...cpu, ...CAPABILITIES.js };

function withFallback(func: PrimFunc, target = generic): Executable {
  return compile(schedule(func, target, [fallback]).func, target);
}

const A = placeholder("A", [8]), I = placeholder("I", [8], "i32");

/** The source of a kernel whose results are `value`, which may read A and I. */
function sourceOf(value: (i: Var) => Expr, target = generic): string {
  const func = primFunc("value", [A, I, compute("out", [8], value)]);
  return withFallback(func, target).launches[0]?.source ?? "";
}

Deno.test("an executable says all that a runtime needs, as JSON", () => {
  const exe = withFallback(te.matmul({ m: "m", n: 5, k: "k", dtype: "f16" }));
  assertEquals(JSON.parse(JSON.stringify(exe)), exe);
  const { launches, ...rest } = exe;
  assertEquals(rest, {
    name: "matmul",
    language: "wgsl",
    shapeVars: ["m", "k"],
    buffers: [
      { name: "A", dtype: "f16", shape: ["m", "k"], role: "input", storage: { kind: "buffer" } },
      { name: "B", dtype: "f16", shape: ["k", 5], role: "input", storage: { kind: "buffer" } },
      { name: "C", dtype: "f16", shape: ["m", 5], role: "output", storage: { kind: "buffer" } },
      { name: "C_sum", dtype: "f32", shape: ["m", 5], role: "temp", storage: { kind: "buffer" } },
    ],
    requires: [
      { value: ["mul", "m", "k"], atMost: 2 ** 31 - 1, because: "A is indexed by i32" },
      { value: ["mul", "k", 5], atMost: 2 ** 31 - 1, because: "B is indexed by i32" },
      { value: ["mul", "m", 5], atMost: 2 ** 31 - 1, because: "C is indexed by i32" },
    ],
  });
  assertEquals(
    launches.map(({ source: _, ...l }) => l),
    [
      {
        name: "matmul_C_sum_local",
        workgroupSize: [256, 1, 1],
        grid: [["floordiv", ["add", ["mul", "m", 5], 255], 256], 1, 1],
        folded: true,
        sharedBytes: 0,
        prepares: false,
        bindings: [
          { name: "A", access: "read" },
          { name: "B", access: "read" },
          { name: "C_sum", access: "readWrite" },
        ],
        uniforms: ["m", "k"],
        loops: [["k"]],
        f16: true,
      },
      {
        name: "matmul_C",
        workgroupSize: [256, 1, 1],
        grid: [["floordiv", ["add", ["mul", "m", 5], 255], 256], 1, 1],
        folded: true,
        sharedBytes: 0,
        prepares: false,
        bindings: [{ name: "C", access: "readWrite" }, { name: "C_sum", access: "read" }],
        uniforms: ["m"],
        loops: [],
        f16: true,
      },
    ],
  );
});

Deno.test("textures are of a GPU only, with as many rows side by side as it takes", () => {
  const sch = new Schedule(te.add({ shape: [64, 4] }));
  sch.bind("i", "blockIdx.x");
  sch.setScope("A", "texture");
  const storage = (target: typeof generic) => compile(sch.func, target).buffers.map((b) => b.storage);
  const small = { ...generic, limits: { ...generic.limits, maxTextureSize: 16 } };
  const buffer = { kind: "buffer" } as const;
  const texture = (
    pack: number,
    access: "sample" | "read",
  ) => ({ kind: "texture", layout: { kind: "rows", pack }, access } as const);
  assertEquals(storage(generic), [texture(1, "sample"), buffer, buffer]);
  assertEquals(storage(small), [texture(4, "sample"), buffer, buffer]);
  assertEquals(storage({ ...generic, textures: "storage" }), [texture(1, "read"), buffer, buffer]);
  assertEquals(storage(cpu), [buffer, buffer, buffer]);
});

Deno.test("f16 is refused where the device does not compute with it", () => {
  const without = { ...generic, f16: false };
  const half = schedule(te.add({ shape: [8], dtype: "f16" }), without).func;
  assertThrows(
    () => compile(half, without),
    LimitError,
    "cannot run add on generic-webgpu: it computes in f16, for which the device lacks the feature shader-f16",
  );
  compile(schedule(te.add({ shape: [8] }), without).func, without);
});

Deno.test("f16 is enabled where it is used, also where a texture alone holds it", () => {
  const uses = (e: Executable) => e.launches.map((l) => [l.f16, l.source.includes("enable f16;")]);
  assertEquals(uses(withFallback(te.add({ shape: [8] }))), [[false, false]]);
  assertEquals(uses(withFallback(te.add({ shape: [8], dtype: "f16" }))), [[true, true]]);
  const half = placeholder("A", [8], "f16");
  const sch = new Schedule(primFunc("widen", [half, compute("B", [8], (i) => cast("f32", half.at(i)))]));
  sch.bind("i", "threadIdx.x");
  sch.setScope("A", "texture");
  assertEquals(uses(compile(sch.func, generic)), [[true, true]]);
});

Deno.test("only what a kernel uses is declared", () => {
  const [plain = ""] = withFallback(te.add({ shape: [8] })).launches.map((l) => l.source);
  assertNotMatch(plain, /workgroup_id|num_workgroups|Shape|fn erf|floordiv/);
  assertMatch(sourceOf((i) => cast("f32", binary("floordiv", I.at(i), 3))), /^fn floordiv_1\(/m);
  assertMatch(sourceOf((i) => call("erf", A.at(i))), /^fn erf_f32\(/m);
  assertMatch(sourceOf((i) => call("erf", A.at(i)), script), /^const erf = /m);
  assertNotMatch(sourceOf((i) => A.at(i), script), /erf/);
});

Deno.test("divisions of what is not negative are plain", () => {
  const source = sourceOf((i) =>
    cast("f32", binary("add", binary("floordiv", i, 3), binary("floormod", i, 4)))
  );
  assertMatch(source, /f32\(i32\(u32\(thread_x\) \/ 3u\) \+ \(thread_x & 3\)\)/);
});

Deno.test("comparisons side by side do not read as a template", () => {
  const chosen = (i: Var) =>
    select(
      binary("lt", A.at(i), 1),
      binary("gt", A.at(i), 2),
      binary("lt", A.at(i), binary("mul", A.at(i), A.at(i))),
    );
  assertMatch(
    sourceOf((i) => cast("f32", chosen(i))),
    /select\(\(A\[\w+\] < A\[\w+\] \* A\[\w+\]\), \(A\[\w+\] > 2\.0f\),/,
  );
  const equal = (i: Var) => binary("eq", binary("lt", A.at(i), 1), binary("ge", A.at(i), 0));
  assertMatch(sourceOf((i) => cast("f32", equal(i))), /f32\(\(A\[\w+\] < 1\.0f\) == \(A\[\w+\] >= 0\.0f\)\)/);
});

Deno.test("constants are written so that they are read as the same number", () => {
  const literal = (value: number, dtype: "f32" | "f16" | "i32" | "u32") =>
    /\] = (.*);/.exec(sourceOf(() => constant(value, dtype)))?.[1];
  assertEquals([0, -1.5, 1e-7, 3e20, 16777216].map((v) => literal(v, "f32")), [
    "0.0f",
    "(-1.5f)",
    "1e-7f",
    "300000000000000000000f",
    "16777216.0f",
  ]);
  assertEquals([0.1, -65504].map((v) => literal(v, "f16")), ["0.1h", "(-65504.0h)"]);
  assertEquals([-5, -(2 ** 31)].map((v) => literal(v, "i32")), ["(-5)", "i32(-2147483647 - 1)"]);
  assertEquals(literal(2 ** 32 - 1, "u32"), "4294967295u");
});

Deno.test("a program that is not well formed is refused before it is lowered", () => {
  const func = schedule(te.add({ shape: [8] }), generic).func;
  const broken = new PrimFunc(func.name, func.params.slice(1), func.shapeVars, func.allocs, func.body);
  assertThrows(() => compile(broken, generic), VerifyError, "add is not well formed");
});
