/** Any point of any space, a rule's own or the generic one, that its constraints accept gives right results, or says why it can't. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { compile } from "../../lib/codegen/compile.ts";
import { fallback } from "../../lib/dlight/fallback/fallback.ts";
import { match, rules } from "../../lib/dlight/schedule.ts";
import { LimitError, LowerError } from "../../lib/lower/error.ts";
import { LaunchLimitError } from "../../lib/runtime/error.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { ScheduleError } from "../../lib/schedule/error.ts";
import { narrow } from "../../lib/space/narrow.ts";
import { assertEnough } from "../assert_enough.ts";
import { Rng } from "../../lib/base/random.ts";
import { instantiate, spaceOf } from "../../lib/space/template.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import * as te from "../../lib/face/te.ts";
import { devices } from "../devices.ts";
import { subjectOf, wrongResults } from "../lower/checked_run.ts";
import { type Case, CASES } from "./operators.ts";
import { REDUCTIONS } from "./reductions.ts";

const REFUSALS = [ScheduleError, LowerError, LimitError, LaunchLimitError] as const;

const generic = targetOf("generic-webgpu");
/** A group first, so that each is tried as often, then one of its cases. */
function evenly<K>(groups: ReadonlyMap<K, readonly Case[]>): fc.Arbitrary<Case> {
  return fc.constantFrom(...groups.values()).chain((cases) => fc.constantFrom(...cases));
}

function ruleOf(c: Case): string {
  return match(c.func, generic).rule;
}

/** Whose points are drawn, for which cases, and the least share of what the constraints accept that must run. */
const SPACES = [
  {
    name: "the rules' spaces",
    among: rules,
    cases: evenly(Map.groupBy(CASES.filter((c) => ruleOf(c) !== "Fallback"), ruleOf)),
    least: 0.5,
  },
  {
    name: "the generic space",
    among: [fallback],
    cases: evenly(Map.groupBy(CASES, (c) => c.operator)),
    least: 0.9,
  },
  {
    name: "the spaces of reductions, scans and orders",
    among: rules,
    cases: evenly(Map.groupBy(REDUCTIONS, (c) => c.operator)),
    least: 0.7,
  },
  {
    name: "the generic spaces of reductions, scans and orders",
    among: [fallback],
    cases: evenly(Map.groupBy(REDUCTIONS, (c) => c.operator)),
    least: 0.9,
  },
] as const;

for (const device of devices) {
  const { target } = device;
  const numRuns = target.kind === "cpu" ? 80 : 10;
  for (const { name, among, cases, least } of SPACES) {
    Deno.test(`random points of ${name} are right on ${target.name}, or refused`, async () => {
      let right = 0;
      const from = fc.constantFrom(target, generic);
      await fc.assert(
        fc.asyncProperty(cases, from, fc.maxSafeNat(), async (c, scheduledFor, seed) => {
          const { rule, template } = match(c.func, scheduledFor, among);
          const space = spaceOf(c.func, template);
          const config = space.at(space.random(Rng.of(seed)));
          let wrong: string | undefined;
          try {
            const { func } = instantiate(c.func, template, space, config);
            const executable = compile(func, target);
            wrong = await wrongResults(device, subjectOf(c.func, c.shapes, seed % 1000), executable);
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
      assertEnough(right, numRuns, least);
    });
  }
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

/** Products of few results, which shared steps are for: uneven, batched, with what comes before and after. */
const FEW: readonly PrimFunc[] = [
  te.matmul({ m: 13, n: 20, k: 390 }),
  te.matmul({ m: 40, n: 36, k: 256, transposeB: true }),
  te.matmul({ m: 7, n: 24, k: 200, batch: 3 }),
  te.matmul({ m: 12, n: 16, k: 384, weights: "q4f32_1" }),
  te.matmul({ m: 16, n: 24, k: 400, dtype: "f16", bias: true, activation: "gelu", residual: true }),
  te.matmul({ m: 5, n: 9, k: 1600, dtype: "i8" }),
];

for (const device of devices) {
  const { target } = device;
  const numRuns = target.kind === "cpu" ? 60 : 12;
  Deno.test(`steps shared out among workers give the product on ${target.name}, or are refused`, async () => {
    let right = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...FEW), fc.maxSafeNat(), async (func, seed) => {
        const { template } = match(func, generic);
        const whole = spaceOf(func, template);
        const workers = whole.knobs.find((k) => k.name === "stream_k")?.candidates ?? [];
        const space = narrow(whole, { stream_k: workers.filter((n) => n !== 0) as number[] });
        const config = space.at(space.random(Rng.of(seed)));
        let wrong: string | undefined;
        try {
          const executable = compile(instantiate(func, template, space, config).func, target);
          wrong = await wrongResults(device, subjectOf(func, {}, seed % 1000), executable);
        } catch (e) {
          if (REFUSALS.some((kind) => e instanceof kind)) return;
          throw e;
        }
        assertEquals(wrong, undefined, `${func.name}: ${space.show(config)}`);
        right++;
      }),
      { numRuns },
    );
    assertEnough(right, numRuns, 0.8);
  });
}
