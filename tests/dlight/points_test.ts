/** Any point of any rule's space gives right results, or says why it can't. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { compile } from "../../lib/codegen/compile.ts";
import { match } from "../../lib/dlight/schedule.ts";
import { LimitError, LowerError } from "../../lib/lower/error.ts";
import { LaunchLimitError } from "../../lib/runtime/error.ts";
import { ScheduleError } from "../../lib/schedule/error.ts";
import { RejectedConfig } from "../../lib/space/knobs.ts";
import { instantiate, spaceOf } from "../../lib/space/template.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import * as te from "../../lib/te/mod.ts";
import { devices } from "../devices.ts";
import { subjectOf, wrongResults } from "../lower/checked_run.ts";
import { type Case, CASES } from "./operators.ts";

const REFUSALS = [RejectedConfig, ScheduleError, LowerError, LimitError, LaunchLimitError] as const;

const ruled = CASES.filter((c) => match(c.func, targetOf("generic-webgpu")).rule !== "Fallback");
/** A rule first, so that each is tried as often, then one of its operators. */
const arbCase: fc.Arbitrary<Case> = fc.constantFrom(
  ...Map.groupBy(ruled, (c) => match(c.func, targetOf("generic-webgpu")).rule).values(),
).chain((cases) => fc.constantFrom(...cases));

for (const device of devices) {
  const { target } = device;
  const numRuns = target.kind === "cpu" ? 80 : 10;
  Deno.test(`random points of the rules' spaces are right on ${target.name}, or refused`, async () => {
    let right = 0;
    const from = fc.constantFrom(target, targetOf("generic-webgpu"));
    await fc.assert(
      fc.asyncProperty(arbCase, from, fc.maxSafeNat(), async (c, scheduledFor, point) => {
        const { rule, template } = match(c.func, scheduledFor);
        const space = spaceOf(c.func, template);
        const config = space.at(point % space.size);
        let wrong: string | undefined;
        try {
          const { func } = instantiate(c.func, template, space, config);
          const executable = compile(func, target);
          wrong = await wrongResults(device, subjectOf(c.func, c.shapes, point % 1000), executable);
        } catch (e) {
          if (REFUSALS.some((kind) => e instanceof kind)) return;
          throw e;
        }
        assert(
          wrong === undefined,
          `${c.operator} ${c.sort} ${c.dtype} by ${rule} for ${scheduledFor.profile}, ${
            space.show(config)
          }: ${wrong}`,
        );
        right++;
      }),
      { numRuns },
    );
    assert(right > numRuns / 2, `only ${right} of ${numRuns} points ran`);
  });
}

for (const device of devices) {
  const { target } = device;
  Deno.test(`weights in any layout give the product on ${target.name}`, async () => {
    const shapes = [{ m: 16, n: 24, k: 32 }, { m: 13, n: 20, k: 7 }, { m: 5, n: 8, k: 9, batch: 3 }];
    for (const shape of [...shapes, ...shapes.map((s) => ({ ...s, transposeB: true }))]) {
      const func = te.matmul(shape);
      const { template } = match(func, target);
      const space = spaceOf(func, template);
      for (const b_layout of ["transposed", "packed"]) {
        for (const b_path of ["buffer", "shared"]) {
          const config = { ...space.at(space.preset), b_layout, b_path };
          const executable = compile(instantiate(func, template, space, config).func, target);
          assertEquals(executable.launches.map((l) => l.prepares), [true, false]);
          assertEquals(await wrongResults(device, subjectOf(func, {}, 7), executable), undefined);
        }
      }
    }
  });
}
