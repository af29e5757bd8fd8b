/** The adapter of this machine, whatever it is: operators in f32 give right results on it. */
import { assertEquals } from "@std/assert";
import { compile } from "../lib/codegen/compile.ts";
import { schedule } from "../lib/dlight/schedule.ts";
import { Device } from "../lib/runtime/device.ts";
import { found } from "./devices.ts";
import { CASES } from "./dlight/operators.ts";
import { subjectOf, wrongResults } from "./lower/checked_run.ts";

/** What the other tests leave out here, by name. */
const LEFT_OUT = {
  vulkan: undefined,
  opengl: "the adapter has no f16",
  none: "there is no adapter",
}[found];

Deno.test({
  name: LEFT_OUT ? `all tests on WebGPU (ignored: ${LEFT_OUT})` : "all tests on WebGPU have an adapter",
  ignore: LEFT_OUT !== undefined,
  fn: () => {},
});

Deno.test("the default device is the adapter, or the CPU where there is none", async () => {
  using device = await Device.open();
  assertEquals(device.target.kind, found === "none" ? "cpu" : "webgpu");
  assertEquals(device.target.f16, found !== "opengl");
});

Deno.test("operators in f32 are right on the default device", async () => {
  using device = await Device.open();
  const wrong: string[] = [];
  for (const [k, { operator, sort, dtype, func, shapes }] of CASES.entries()) {
    if (dtype !== "f32" || sort !== "odd") continue;
    const { func: scheduled, rule } = schedule(func, device.target);
    const said = await wrongResults(device, subjectOf(func, shapes, k), compile(scheduled, device.target));
    if (said !== undefined) wrong.push(`${operator} by ${rule}: ${said}`);
  }
  assertEquals(wrong, []);
});
