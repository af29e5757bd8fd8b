/** Rules schedule programs that nobody has seen before. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { compile } from "../../lib/codegen/compile.ts";
import { fallback } from "../../lib/dlight/fallback/fallback.ts";
import { rules, schedule } from "../../lib/dlight/schedule.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { devices } from "../devices.ts";
import { arbProgram, arbSymbolicProgram, randomInputs } from "../ir/random_program.ts";
import { subjectOf, wrongResults } from "../lower/checked_run.ts";

const arb = fc.oneof(arbProgram.map((func) => ({ func, shapes: {} })), arbSymbolicProgram);

for (const device of devices) {
  const { target } = device;
  const numRuns = target.kind === "cpu" ? 120 : 8;
  const ways = [
    ["Fallback alone", target, [fallback]],
    ["the first rule that matches", target, rules],
    ["the rules of a GPU", targetOf("generic-webgpu"), rules],
  ] as const;
  for (const [name, scheduledFor, among] of ways) {
    Deno.test(`${name} schedules any program, and its results are right on ${target.name}`, async () => {
      await fc.assert(
        fc.asyncProperty(arb, fc.nat(1000), async ({ func, shapes }, seed) => {
          const executable = compile(schedule(func, scheduledFor, among).func, target);
          const subject = subjectOf(func, shapes, seed, randomInputs(func, seed, shapes));
          assertEquals(await wrongResults(device, subject, executable), undefined);
        }),
        { numRuns },
      );
    });
  }
}
