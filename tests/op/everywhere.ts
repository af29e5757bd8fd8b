/** Holds a program against a reference in doubles: interpreted, as rules schedule it, and on the devices that there are. */
import { assert } from "@std/assert";
import { compile } from "../../lib/codegen/compile.ts";
import { fallback } from "../../lib/dlight/fallback/fallback.ts";
import { rules, schedule } from "../../lib/dlight/schedule.ts";
import type { Arrays, Shapes } from "../../lib/interp/interpret.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { verifyFunc } from "../../lib/ir/verify.ts";
import type { Inputs } from "../../lib/runtime/arguments.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { devices } from "../devices.ts";
import { assertClose, assertComputes } from "./reference.ts";

/**
 * Checks the program itself, as all rules and Fallback alone schedule it for the CPU and for WebGPU, and its results on
 * each device, with outputs poisoned before.
 *
 * @param tolerance the error that a device may make, relative to an element or to 1; f32 arithmetic by default
 */
export async function assertEverywhere(
  f: PrimFunc,
  inputs: Arrays,
  wanted: Readonly<Record<string, readonly number[]>>,
  shapes: Shapes = {},
  tolerance = 2e-5,
): Promise<void> {
  verifyFunc(f);
  assertComputes(f, inputs, wanted, shapes, 1e-9);
  for (const target of [targetOf("cpu"), targetOf("generic-webgpu")]) {
    for (const { func } of [schedule(f, target, rules), schedule(f, target, [fallback])]) {
      assertComputes(func, inputs, wanted, shapes, 1e-9);
      assert(compile(func, target).launches.length > 0);
    }
  }
  for (const device of devices) {
    using program = await device.load(compile(schedule(f, device.target).func, device.target));
    using bound = await program.bind(inputs as Inputs, shapes);
    bound.poison();
    await bound.run(1);
    const results = await bound.read();
    for (const [name, want] of Object.entries(wanted)) {
      assertClose(results[name], want, tolerance, `${name} of ${f.name} on ${device.target.name}`);
    }
  }
}
