/** Positions of best values: rows that threads share, right at presets and at random points, on all devices. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Rng } from "../../lib/base/random.ts";
import { compile } from "../../lib/codegen/compile.ts";
import { bestPositionRule } from "../../lib/dlight/rules/best_position.ts";
import { match, schedule } from "../../lib/dlight/schedule.ts";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import type { ScalarType } from "../../lib/ir/dtype.ts";
import type { Expr, Var } from "../../lib/ir/expr.ts";
import { add, mul } from "../../lib/ir/build.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { LimitError, LowerError } from "../../lib/lower/error.ts";
import type { Shapes } from "../../lib/runtime/arguments.ts";
import { LaunchLimitError } from "../../lib/runtime/error.ts";
import { ScheduleError } from "../../lib/schedule/error.ts";
import { instantiate, spaceOf } from "../../lib/space/template.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { build } from "../../lib/tuning/build.ts";
import { assertEnough } from "../assert_enough.ts";
import { devices, nameOf, otherCpus } from "../devices.ts";
import { subjectOf, wrongAmongSubjects, wrongOn } from "../lower/checked_run.ts";

const REFUSALS = [ScheduleError, LowerError, LimitError, LaunchLimitError] as const;
const generic = targetOf("generic-webgpu");
const all = [...devices, ...otherCpus];

interface Sort {
  readonly dtype?: ScalarType;
  readonly least?: boolean;
  readonly last?: boolean;
  /** Whether what is searched is computed where it is read, and what is found is read by another block. */
  readonly around?: boolean;
}

/** Position and value of the best of each row. */
function search(rows: number | string, columns: number | string, sort: Sort = {}): PrimFunc {
  const { dtype = "f32", least = false, last = false, around = false } = sort;
  const A = te.placeholder("A", [rows, columns], dtype),
    [n, m] = A.shape as [Expr, Expr],
    k = te.reduceAxis(m);
  const X = around ? te.compute("X", [n, m], (i, j) => mul(A.at(i, j), A.at(i, j))) : A;
  const found = te.compute(
    ["at", "best"],
    [n],
    (i) => (least ? te.argmin : te.argmax)(X.at(i as Var, k.var), k, { last }),
  ) as readonly te.Tensor[];
  const [at] = found as [te.Tensor];
  return around
    ? te.primFunc("search", [A, te.compute("next", [n], (i) => add(at.at(i), 1))])
    : te.primFunc("search", [A, ...found]);
}

const SHAPES: readonly (readonly [number | string, number | string, Shapes])[] = [
  [1, 4000, {}],
  [7, 1000, {}],
  [64, 33, {}],
  [3, 1, {}],
  [300, 3, {}],
  ["n", "m", { n: 5, m: 1 }],
  ["n", "m", { n: 9, m: 130 }],
  ["n", 70, { n: 3 }],
  [4, "m", { m: 257 }],
];
const SORTS: readonly Sort[] = [
  {},
  { last: true },
  { dtype: "f16", least: true },
  { dtype: "i32", last: true, least: true },
  { around: true },
];
const CASES = SHAPES.flatMap(([n, m, shapes]) => SORTS.map((sort) => ({ n, m, shapes, sort })));

/** Few values, so that many are equal; NaN and infinities among those of f32. */
function inputOf(func: PrimFunc, shapes: Shapes, seed: number): ReturnType<typeof subjectOf> {
  const subject = subjectOf(func, shapes, seed), rng = Rng.of(seed), A = subject.inputs.A;
  const values = A instanceof Float32Array ? [NaN, 1, 2, 2, -Infinity, -3] : [1, 2, 3, -2];
  for (let k = 0; A && k < A.length; k++) A[k] = values[rng.int(values.length)] as number;
  return subjectOf(func, shapes, seed, subject.inputs);
}

for (const device of all) {
  const { target } = device;
  Deno.test(`positions of best values are right at presets on ${nameOf(device)}`, async () => {
    // An adapter compiles each program for long: there, each shape has one sort.
    const cases = target.kind === "cpu" ? CASES : CASES.filter((_, k) => k % (SORTS.length + 1) === 0);
    for (const [k, { n, m, shapes, sort }] of cases.entries()) {
      const func = search(n, m, sort), scheduled = schedule(func, k % 2 === 0 ? target : generic);
      assertEquals(scheduled.rule, "BestPosition");
      const subjects = [subjectOf(func, shapes, 3), inputOf(func, shapes, 4)];
      assertEquals(
        await wrongAmongSubjects(device, subjects, compile(scheduled.func, target)),
        undefined,
        `${n} x ${m} ${JSON.stringify(sort)}`,
      );
    }
  });
}

for (const device of devices) {
  const numRuns = device.target.kind === "cpu" ? 40 : 8;
  Deno.test(`random points of BestPosition are right on ${device.target.name}, or refused`, async () => {
    let right = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...CASES), fc.maxSafeNat(), async ({ n, m, shapes, sort }, seed) => {
        const func = search(n, m, sort), { template } = match(func, generic, [bestPositionRule]);
        const space = spaceOf(func, template), config = space.at(space.random(Rng.of(seed)));
        let wrong: string | undefined;
        try {
          const { func: scheduled } = instantiate(func, template, space, config);
          wrong = await wrongOn(device, inputOf(func, shapes, seed % 1000), scheduled);
        } catch (e) {
          if (REFUSALS.some((kind) => e instanceof kind)) return;
          throw e;
        }
        assertEquals(wrong, undefined, `${n} x ${m} ${JSON.stringify(sort)}, ${space.show(config)}`);
        right++;
      }),
      { numRuns },
    );
    assertEnough(right, numRuns, 0.7);
  });
}

Deno.test("threads share a row, and short rows share a workgroup", () => {
  const sizeOf = (func: PrimFunc) =>
    compile(schedule(func, generic).func, generic).launches[0]?.workgroupSize;
  assertEquals(sizeOf(search(1, 4000)), [64, 1, 1]);
  const [x = 0, y = 0] = sizeOf(search(1000, 4)) ?? [];
  assert(x <= 4 && x * y >= 32, `expected a whole workgroup, got ${x} x ${y}`);
});

Deno.test("columns, whose neighbours in memory belong to other results, are left to another rule", () => {
  const A = te.placeholder("A", [64, 32]), X = te.compute("X", [64, 32], (i, j) => mul(A.at(i, j), 2));
  const rule = (axis: number) => match(te.primFunc("f", [A, op.argmax(X, { axis })]), generic).rule;
  assertEquals([rule(0), rule(1)], ["Fallback", "BestPosition"]);
});

Deno.test("build asks the rules for it: a block of two results is no schedule", async () => {
  for (const device of devices) {
    using program = await build(search(3, 40), device);
    const { how, rule } = program.built;
    assertEquals([how, rule], ["rule", "BestPosition"]);
    const A = new Float32Array(120).map((_, i) => (i * 7) % 40);
    const { at, best } = await program.run({ A });
    assertEquals([...at as Int32Array], [17, 17, 17]);
    assertEquals([...best as Float32Array], [39, 39, 39]);
  }
});
