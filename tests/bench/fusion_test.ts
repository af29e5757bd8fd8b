/** Fusion cases: the rules that take their functions, and results that are right. */
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { TunebookError } from "../../lib/base/error.ts";
import { compile } from "../../lib/codegen/compile.ts";
import { schedule } from "../../lib/dlight/schedule.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { devices } from "../devices.ts";
import { subjectOf, wrongOn } from "../lower/checked_run.ts";
import { TEST_SIZES } from "./fusion/case.ts";
import { fusionCases } from "./fusion/cases.ts";
import { fusedFunctions, mainOf, pickCases, shapesOf, unfusedFunctions } from "./fusion/functions.ts";

for (const c of fusionCases(TEST_SIZES)) {
  for (const device of devices) {
    Deno.test(`fused: ${c.name} on ${device.target.name}`, async () => {
      const functions = fusedFunctions(c, device.target);
      assertEquals(functions.map((f) => f.rule), c.rules);
      for (const { func } of functions) {
        const { why, func: scheduled } = schedule(func, device.target);
        assertEquals(why.filter((w) => w.failed !== undefined), []);
        assertEquals(await wrongOn(device, subjectOf(func, shapesOf(c, func), 1), scheduled), undefined);
      }
    });
  }
}

Deno.test("fused functions compile for the least device", () => {
  const target = targetOf("generic-webgpu");
  for (const c of fusionCases(TEST_SIZES)) {
    for (const { func } of fusedFunctions(c, target)) compile(schedule(func, target).func, target);
  }
});

Deno.test("parts are functions of one operator each, and the main one is the product", () => {
  const [c] = pickCases("layer norm, linear, gelu", TEST_SIZES);
  const parts = unfusedFunctions(c as never);
  assertEquals(parts.map((f) => f.name), ["layer_norm", "linear", "gelu"]);
  assertEquals(mainOf(parts).name, "linear");
});

Deno.test("a text that no case has is refused with their names", () => {
  const { message } = assertThrows(() => pickCases("fused soup", TEST_SIZES), TunebookError);
  assertStringIncludes(message, "conv, hardswish");
});
