/** Results of neighbouring threads interleaved, and operands transposed on their way to workgroup memory. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Rng } from "../../lib/base/random.ts";
import { compile } from "../../lib/codegen/compile.ts";
import { match, schedule } from "../../lib/dlight/schedule.ts";
import { iterationsOf, touched } from "../../lib/estimate/accesses.ts";
import { storeNestsOf } from "../../lib/estimate/store_nests.ts";
import * as te from "../../lib/face/te.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { LimitError, LowerError } from "../../lib/lower/error.ts";
import { LaunchLimitError } from "../../lib/runtime/error.ts";
import { ScheduleError } from "../../lib/schedule/error.ts";
import type { Step } from "../../lib/schedule/step.ts";
import type { Schedule } from "../../lib/schedule/schedule.ts";
import { replay } from "../../lib/schedule/trace.ts";
import { narrow } from "../../lib/space/narrow.ts";
import { instantiate, spaceOf } from "../../lib/space/template.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { assertEnough } from "../assert_enough.ts";
import { devices } from "../devices.ts";
import { subjectOf, wrongOn } from "../lower/checked_run.ts";

const generic = targetOf("generic-webgpu");
const REFUSALS = [ScheduleError, LowerError, LimitError, LaunchLimitError] as const;

const PRODUCTS: readonly PrimFunc[] = [
  te.matmul({ m: 64, n: 48, k: 32 }),
  te.matmul({ m: 40, n: 64, k: 24, transposeB: true }),
  te.matmul({ m: 64, n: 64, k: 16, transposeA: true }),
  te.matmul({ m: 37, n: 29, k: 19, transposeB: true }),
  te.matmul({ m: 32, n: 32, k: 40, batch: 3, transposeB: true }),
  te.matmul({ m: 24, n: 64, k: 64, weights: "q4f32_1" }),
  te.matmul({ m: 32, n: 48, k: 32, dtype: "f16", bias: true, activation: "gelu", residual: true }),
];

/** Steps and copies that a driver compiles quickly. */
const SMALL = { tile_k: [[2], [4], [8]], double_buffer: [false], k_innermost: [false] };

for (const device of devices) {
  const { target } = device, numRuns = target.kind === "cpu" ? 30 : 4;
  for (const knob of ["virtual", "k_major"]) {
    Deno.test(`random points with ${knob} are right on ${target.name}, or refused`, async () => {
      let right = 0;
      const property = fc.asyncProperty(fc.constantFrom(...PRODUCTS), fc.maxSafeNat(), async (func, seed) => {
        const { template } = match(func, generic);
        const space = narrow(
          spaceOf(func, template),
          knob === "virtual"
            ? { virtual_i: [2, 4], virtual_j: [1, 2, 4], ...SMALL }
            : { k_major: [true], pad: [0, 4], ...SMALL },
        );
        const config = space.at(space.random(Rng.of(seed)));
        let wrong: string | undefined;
        try {
          const scheduled = instantiate(func, template, space, config).func;
          wrong = await wrongOn(device, subjectOf(func, {}, seed % 1000), scheduled);
        } catch (e) {
          if (REFUSALS.some((kind) => e instanceof kind)) return;
          throw e;
        }
        assert(wrong === undefined, `${func.name}, ${space.show(config)}: ${wrong}`);
        right++;
      });
      await fc.assert(property, { numRuns });
      assertEnough(right, numRuns, 0.5);
    });
  }
}

const LARGE = te.matmul({ m: 256, n: 256, k: 64, transposeB: true });
const TILE = { tile_i: [8, 8], tile_j: [16, 8], tile_k: [8], a_path: "shared", b_path: "shared" };

function at(more: Readonly<Record<string, number | boolean>>): Schedule {
  const { template } = match(LARGE, generic), space = spaceOf(LARGE, template);
  return instantiate(LARGE, template, space, { ...space.at(space.preset), ...TILE, ...more });
}

Deno.test("a workgroup copies each element of its tiles once, however its threads are interleaved", () => {
  for (const virtual of [{}, { virtual_i: 2, virtual_j: 2 }, { virtual_i: 4, k_major: true, pad: 4 }]) {
    const copies = storeNestsOf(at(virtual).func).filter((s) => s.store.buffer.scope === "shared");
    assertEquals(copies.length, 2);
    for (const copy of copies) {
      const own = [...copy.loops.keys()].filter((l) => copy.loops[l]?.role !== "group");
      const inside = own.filter((l) => copy.loops[l]?.role !== "serial");
      const copied = inside.reduce((n, l) => n * (copy.loops[l]?.extent ?? 1), 1);
      assertEquals(copied, iterationsOf(copy, "thread", "threadX", "unrolled", "vector"));
      assertEquals(copied, copy.store.buffer.name.startsWith("A") ? 64 * 8 : 128 * 8);
      assertEquals(touched(copy.store, copy, own), copied * 8);
    }
  }
});

Deno.test("interleaved threads wait twice for each step, and load what they share once", () => {
  const [launch] = compile(at({ virtual_i: 2, virtual_j: 2, k_major: true, pad: 4 }).func, generic).launches;
  const source = launch?.source ?? "";
  assertEquals(source.match(/workgroupBarrier/g)?.length, 2);
  // Vectors of four: two for the rows of a thread and two for its columns, at each of eight steps.
  assertEquals(source.match(/ = [AB]_shared\[[^\]]*\];/g)?.length, 4 * 8);
});

Deno.test("knobs that are off give the schedule of records without them", () => {
  const plain = at({ virtual_i: 1, virtual_j: 1, k_major: false, pad: 0 });
  const isNew = (s: Step) => s.op === "transformLayout" || (s.op === "bind" && s.thread === "vthread");
  assertEquals(plain.trace.steps.filter(isNew), []);
  assertEquals(`${replay(LARGE, plain.trace.toJSON())}`, `${plain.func}`);
});

for (const device of devices) {
  Deno.test(`products at the presets of GPUs are right on ${device.target.name}`, async () => {
    const profiles = ["nvidia", "amd", "apple", "qualcomm-adreno"] as const;
    const some = device.target.kind === "cpu" ? PRODUCTS : PRODUCTS.slice(3, 4);
    for (const func of some) {
      for (const profile of profiles) {
        const { func: scheduled } = schedule(func, targetOf(profile));
        assertEquals(
          await wrongOn(device, subjectOf(func, {}, 3), scheduled),
          undefined,
          `${profile} ${func.name}`,
        );
      }
    }
  });
}
