/** Any schedule that steps allow becomes kernels with the program's results, or says why it can't. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { compile } from "../../lib/codegen/compile.ts";
import type { Executable } from "../../lib/codegen/executable.ts";
import { LimitError, LowerError } from "../../lib/lower/error.ts";
import { devices } from "../devices.ts";
import { arbProgram, arbSymbolicProgram, randomInputs } from "../ir/random_program.ts";
import { subjectOf, wrongResults } from "./checked_run.ts";
import { arbMoves, scheduledBy } from "./random_schedule.ts";

const arb = fc.oneof(arbProgram.map((func) => ({ func, shapes: {} })), arbSymbolicProgram);

for (const device of devices) {
  const { target } = device;
  const numRuns = target.kind === "cpu" ? 300 : 25;
  Deno.test(`random schedules keep the results on ${target.name}, or are refused`, async () => {
    let right = 0;
    await fc.assert(
      fc.asyncProperty(arb, arbMoves, fc.nat(1000), async ({ func, shapes }, moves, seed) => {
        const scheduled = scheduledBy(func, moves);
        let executable: Executable;
        try {
          executable = compile(scheduled, target);
        } catch (e) {
          if (e instanceof LowerError || e instanceof LimitError) return;
          throw e;
        }
        const subject = subjectOf(func, shapes, seed, randomInputs(func, seed, shapes));
        assertEquals(await wrongResults(device, subject, executable), undefined, `${scheduled}`);
        right++;
      }),
      { numRuns },
    );
    assert(right > numRuns / 2, `only ${right} of ${numRuns} schedules ran`);
  });
}
