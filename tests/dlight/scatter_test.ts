/** Updates at positions that are data: a thread makes each, atomically; right at presets, at random points, on all devices. */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Rng } from "../../lib/base/random.ts";
import { compile } from "../../lib/codegen/compile.ts";
import { scatterRule } from "../../lib/dlight/rules/scatter.ts";
import { match, schedule } from "../../lib/dlight/schedule.ts";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import { interpret } from "../../lib/interp/interpret.ts";
import { constant, load, mul } from "../../lib/ir/build.ts";
import type { ScalarType } from "../../lib/ir/dtype.ts";
import type { Buffer, Expr } from "../../lib/ir/expr.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import type { Stmt } from "../../lib/ir/stmt.ts";
import { mapStmt } from "../../lib/ir/visit.ts";
import { LimitError, LowerError } from "../../lib/lower/error.ts";
import { Device } from "../../lib/runtime/device.ts";
import { ScheduleError } from "../../lib/schedule/error.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { instantiate, spaceOf } from "../../lib/space/template.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { assertEnough } from "../assert_enough.ts";
import { devices, nameOf, otherCpus } from "../devices.ts";
import { golden } from "../golden.ts";
import { subjectOf, wrongAmongSubjects, wrongOn } from "../lower/checked_run.ts";

const generic = targetOf("generic-webgpu");
const COMBINE = ["add", "mul", "max", "min"] as const;
type Combine = typeof COMBINE[number];

/** Sums of slices by the bin that each belongs to: many updates of few elements. */
function bins(
  combine: Combine,
  dtype: ScalarType,
  count: number | string,
  bins: number,
  width?: number,
): PrimFunc {
  const X = te.placeholder("X", width ? [count, width] : [count], dtype);
  const to = te.placeholder("to", [count], "i32", { below: bins });
  const start = te.compute("C", width ? [bins, width] : [bins], () => constant(1, dtype));
  const C = te.update(start, X.shape, (...at) => ({
    at: [to.at(at[0] as Expr), ...at.slice(1)],
    value: X.at(...at),
  }), { combine });
  return te.primFunc("bins", [X, to, C]);
}

const CASES = COMBINE.flatMap((combine) =>
  (["f32", "i32", "u32"] as const).flatMap((dtype) =>
    ([[700, 3], ["n", 5, 6], [40, 50, 33]] as const).map(([count, into, width]) => ({
      func: bins(combine, dtype, count, into, width),
      shapes: count === "n" ? { n: 97 } : {},
      says: `${combine} ${dtype} ${count}`,
    }))
  )
);

for (const device of [...devices, ...otherCpus]) {
  Deno.test(`updates at positions that are data are right at presets on ${nameOf(device)}`, async () => {
    for (const { func, shapes, says } of CASES) {
      const scheduled = schedule(func, device.target);
      assertEquals(scheduled.rule, "Scatter", says);
      const exe = compile(scheduled.func, device.target);
      assert(exe.launches.some((l) => l.bindings.some((b) => b.access === "atomic")), says);
      const subjects = [1, 2].map((seed) => subjectOf(func, shapes, seed));
      assertEquals(await wrongAmongSubjects(device, subjects, exe), undefined, says);
    }
  });
}

for (const device of devices) {
  const numRuns = device.target.kind === "cpu" ? 40 : 10;
  Deno.test(`random points of Scatter are right on ${device.target.name}, or refused`, async () => {
    let right = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...CASES), fc.maxSafeNat(), async ({ func, shapes, says }, seed) => {
        const { template } = match(func, generic, [scatterRule]);
        const space = spaceOf(func, template), config = space.at(space.random(Rng.of(seed)));
        try {
          const { func: scheduled } = instantiate(func, template, space, config);
          const wrong = await wrongOn(device, subjectOf(func, shapes, seed % 1000), scheduled);
          assertEquals(wrong, undefined, `${says}, ${space.show(config)}`);
        } catch (e) {
          if (e instanceof LimitError) return;
          throw e;
        }
        right++;
      }),
      { numRuns },
    );
    assertEnough(right, numRuns, 0.7);
  });
}

Deno.test("a device of several threads adds each update once", async () => {
  using device = await Device.open({ backend: "cpu", threads: 2 });
  const func = bins("add", "i32", 40_000, 7), scheduled = schedule(func, device.target).func;
  for (const seed of [1, 2, 3]) {
    assertEquals(await wrongOn(device, subjectOf(func, {}, seed), scheduled), undefined);
  }
});

Deno.test("f16 has no atomics: one thread makes all updates", async () => {
  const func = bins("add", "f16", 60, 4, 8), { func: scheduled, rule } = schedule(func, generic);
  assertEquals([rule, String(scheduled).includes("atomic")], ["Scatter", false]);
  for (const device of devices.filter((d) => d.target.f16)) {
    assertEquals(await wrongOn(device, subjectOf(func, {}, 5), scheduled), undefined);
  }
});

Deno.test("the kernel of an update, and what WGSL makes of floats and integers", () => {
  const text = (combine: Combine, dtype: ScalarType) =>
    compile(schedule(bins(combine, dtype, 300, 4), generic).func, generic).launches.at(-1)?.source ?? "";
  golden("codegen/atomic_add_f32.wgsl", text("add", "f32"));
  assertMatch(text("max", "i32"), /atomicMax\(&C\[at\], x\)/);
  assertMatch(text("mul", "u32"), /let now = old \* x;/);
  assertMatch(text("min", "f32"), /bitcast<u32>\(min\(bitcast<f32>\(old\), x\)\)/);
});

Deno.test("-0 stays where no update goes, and NaN comes where one does", () => {
  const A = te.placeholder("A", [3]), at = te.placeholder("at", [2, 1], "i32"), U = te.placeholder("U", [2]);
  const func = te.primFunc("f", [A, at, U, op.scatterND(A, at, U, { reduction: "add" })]);
  const { B } = interpret(func, {
    A: Float32Array.of(-0, -0, 1),
    at: Int32Array.of(9, 2),
    U: Float32Array.of(5, NaN),
  });
  assertEquals([...(B as Float32Array)].map((x) => Object.is(x, -0) ? "-0" : `${x}`), ["-0", "-0", "NaN"]);
});

Deno.test("the time is that of the elements and the updates, not of their product", () => {
  const A = te.placeholder("A", [5000]), at = te.placeholder("at", [3000, 1], "i32");
  const U = te.placeholder("U", [3000]);
  for (const reduction of ["none", ...COMBINE] as const) {
    const func = te.primFunc("f", [A, at, U, op.scatterND(A, at, U, { reduction })]);
    const steps = new Schedule(func).blocks().map((name) =>
      new Schedule(func).block(name).iters.reduce(
        (n, it) => n * (it.extent.kind === "const" ? it.extent.value : NaN),
        1,
      )
    );
    assertEquals(Math.max(...steps), 5000, reduction);
  }
});

Deno.test("a loop over updates is bound to threads only where they are atomic", () => {
  const sch = new Schedule(bins("add", "f32", 64, 4)), [loop = ""] = sch.loops("C_1");
  assertThrows(() => sch.bind(loop, "blockIdx.x"), ScheduleError, "reduces over it");
  assertThrows(() => sch.rfactor("C_1"), ScheduleError);
  sch.annotate("C_1", "atomic", true);
  sch.bind(loop, "blockIdx.x");
  assertEquals(sch.loop(loop).loop, "blockIdx.x");
});

Deno.test("what can't be atomic is refused in words", () => {
  const refused = (func: PrimFunc, block: string, says: string) => {
    const sch = new Schedule(func);
    sch.annotate(block, "atomic", true);
    for (const name of sch.blocks()) sch.bind(sch.addUnitLoop(name), "blockIdx.x");
    assertThrows(() => compile(sch.func, generic), LowerError, says);
  };
  refused(bins("add", "f16", 64, 4), "C_1", "C is no global i32, u32 or f32");
  refused(bins("add", "f32", 64, 4), "C", "it is not x = x op y");
  const f = bins("add", "i32", 64, 4), C = f.params.at(-1) as Buffer;
  const chained = f.with({
    body: mapStmt(f.body, function inside(s): Stmt {
      if (s.kind !== "store" || s.value.kind !== "binary") return mapStmt(s, inside);
      const at = [load(C, ...s.indices)];
      return { ...s, indices: at, value: { ...s.value, a: load(C, ...at) } };
    }),
  });
  refused(chained, "C_1", "its kernel uses C in another way");
  const A = te.placeholder("A", [8]), k = te.reduceAxis(4);
  const B = te.compute("B", [8], (i) => te.sum(mul(A.at(i as Expr), constant(2, "f32")), [k]));
  refused(te.primFunc("sum", [A, B]), "B", "it is not x = x op y");
});
