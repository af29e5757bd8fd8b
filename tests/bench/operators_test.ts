import { assert, assertEquals, assertThrows } from "@std/assert";
import { compile } from "../../lib/codegen/compile.ts";
import { fallback } from "../../lib/dlight/fallback/fallback.ts";
import { schedule } from "../../lib/dlight/schedule.ts";
import { TunebookError } from "../../lib/base/error.ts";
import { interpret } from "../../lib/interp/interpret.ts";
import { checkOutput } from "../../lib/measure/check.ts";
import { randomInputs } from "../../lib/measure/random_inputs.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { expected, OPERATORS, pick, programOf, unitOf } from "./operators.ts";
import { SMALL } from "./small.ts";

for (const work of SMALL) {
  Deno.test(`${Object.values(work).join(" ")}: the plain loops and the interpreter agree`, () => {
    const func = programOf(work);
    const inputs = randomInputs(func, crypto.getRandomValues(new Uint32Array(1))[0] as number);
    const [result = []] = Object.values(interpret(func, inputs));
    assertEquals(
      checkOutput("it", Float32Array.from(expected(work, inputs)), result, "f32").wrong,
      undefined,
    );
  });
}

Deno.test("the small operators are of every kind that is measured", () => {
  const kinds = (works: readonly { readonly kind: string }[]) =>
    [...new Set(works.map((w) => w.kind))].sort();
  assertEquals(kinds(SMALL), kinds(Object.values(OPERATORS)));
});

Deno.test("Fallback at its presets is the naive kernel: a thread a result, and nothing near", () => {
  for (const profile of ["generic-webgpu", "llvmpipe"] as const) {
    const target = targetOf(profile);
    for (const [name, work] of Object.entries(OPERATORS)) {
      const { launches } = compile(schedule(programOf(work), target, [fallback]).func, target);
      for (const { source } of launches) {
        assert(!/workgroup>|vec4<|texture|Barrier|array<f32,/.test(source), `${name}:\n${source}`);
      }
    }
  }
});

Deno.test("operators are picked by name, in the table's order", () => {
  assertEquals(pick(["softmax", "gemv"]).map(([name]) => name), ["gemv", "softmax"]);
  assertEquals(pick([]).length, Object.keys(OPERATORS).length);
  assert(pick(["gemv"]).every(([, work]) => unitOf(work) === "GB/s"));
});

Deno.test("an unknown operator is named with those that there are", () => {
  assertThrows(() => pick(["gemv", "sofmax"]), TunebookError, "no operator sofmax: there are matmul_256,");
  assertThrows(() => pick(["toString"]), TunebookError, "no operator toString");
});
