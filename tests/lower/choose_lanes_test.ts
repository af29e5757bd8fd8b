/** Only whole vectors that lie at multiples of four are read and written as vectors. */
import { assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { compile } from "../../lib/codegen/compile.ts";
import { add, mul } from "../../lib/ir/build.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { compute } from "../../lib/te/compute.ts";
import { primFunc } from "../../lib/te/prim_func.ts";
import { placeholder } from "../../lib/te/tensor.ts";
import { devices } from "../devices.ts";
import { subjectOf, wrongOn } from "./checked_run.ts";

/** Reads four neighbours from `step·o + offset` on, for each o. */
function reading(step: number, offset: number): PrimFunc {
  const A = placeholder("A", [64]);
  return primFunc("read", [A, compute("B", [8, 4], (o, l) => A.at(add(add(mul(o, step), l), offset)))]);
}

function vectorized(func: PrimFunc): PrimFunc {
  const sch = new Schedule(func);
  const [o, l] = sch.loops("B") as [string, string];
  sch.bind(o, "threadIdx.x");
  sch.vectorize(l);
  return sch.func;
}

for (const step of [1, 2, 3, 4, 6, 8]) {
  for (const offset of [0, 1, 2, 4]) {
    const aligned = step % 4 === 0 && offset % 4 === 0;
    Deno.test(`reads of four from ${step}·o + ${offset} are ${aligned ? "vectors" : "single elements"}`, async () => {
      const func = reading(step, offset), scheduled = vectorized(func);
      const source = compile(scheduled, targetOf("generic-webgpu")).launches[0]?.source ?? "";
      (aligned ? assertMatch : assertNotMatch)(source, /A: array<vec4<f32>>/);
      for (const device of devices) {
        assertEquals(await wrongOn(device, subjectOf(func, {}, 3), scheduled), undefined);
      }
    });
  }
}
