/** The space that any program has. */
import fc from "fast-check";
import { assertEnough } from "../../assert_enough.ts";
import * as te from "../../../lib/face/te.ts";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { compile } from "../../../lib/codegen/compile.ts";
import { fallback } from "../../../lib/dlight/fallback/fallback.ts";
import { match, schedule } from "../../../lib/dlight/schedule.ts";
import { TunebookError } from "../../../lib/base/error.ts";
import type { Config } from "../../../lib/space/knobs.ts";
import { Rng } from "../../../lib/base/random.ts";
import { instantiate, spaceOf } from "../../../lib/space/template.ts";
import { targetOf } from "../../../lib/target/profiles.ts";
import { devices } from "../../devices.ts";
import { arbProgram, arbSymbolicProgram, randomInputs } from "../../ir/random_program.ts";
import { subjectOf, wrongResults } from "../../lower/checked_run.ts";

const generic = targetOf("generic-webgpu");
const finished = te.matmul({ m: 32, n: 48, k: 64, bias: true, activation: "relu" });

Deno.test("at its presets the generic space is the rule's schedule", () => {
  const { trace, space } = schedule(finished, generic, [fallback]);
  assertEquals(trace.steps.map((s) => s.op), [
    ...["cacheWrite", "reorder", "fuse", "split", "bind", "bind", "reverseComputeAt"],
    ...["decomposeReduction", "fuse", "split", "bind", "bind"],
  ]);
  assert(space.size > 1e6, `${space}`);
});

Deno.test("blocks have knobs of their own, or share them with many of their kind", () => {
  const prefixes = (func: Parameters<typeof match>[0]) => {
    const { template } = match(func, generic, [fallback]);
    return [...new Set(spaceOf(func, template).knobs.map((k) => k.name.split(".")[0]))];
  };
  assertEquals(prefixes(te.softmax({ rows: 4, columns: 8 })), ["A", "largest", "total", "B"]);
  const attention = te.attention({ queries: 4, length: 16, heads: 2, kvHeads: 1, headDim: 8, chunk: 8 });
  assertEquals(prefixes(attention), ["Q", "K", "V", "score", "weight", "O", "reductions"]);
});

/** A tiled product with its operands in textures and in registers, its epilogue moved into its loops. */
const TILED: Config = {
  "A.memory": "texture",
  "B.memory": "texture",
  "C.fuse": true,
  "C_sum.tiling": "axes",
  "C_sum.tile_x": [8, 8],
  "C_sum.tile_y": [4, 4],
  "C_sum.tile_k": [1, 4],
  "C_sum.operand_0": "local",
  "C_sum.operand_1": "local",
  "C_sum.vectorize": true,
  "C_sum.unroll": 128,
};

Deno.test("every knob of a product changes its schedule, plain or tiled", () => {
  const { template } = match(finished, generic, [fallback]);
  const space = spaceOf(finished, template);
  const preset = space.at(space.preset);
  const traceAt = (config: Config) =>
    JSON.stringify(instantiate(finished, template, space, config).trace.toJSON());
  for (const knob of space.knobs.filter((k) => k.candidates.length > 1)) {
    const changes = [preset, { ...preset, ...TILED }].some((base) => {
      const others = knob.candidates.map((value) => ({ ...base, [knob.name]: value }))
        .filter((c) => space.accepts(space.indexOf(c)));
      return others.some((c) => traceAt(c) !== traceAt(base));
    });
    assert(changes, `${knob.name} changes nothing`);
  }
});

const arb = fc.oneof(arbProgram.map((func) => ({ func, shapes: {} })), arbSymbolicProgram);

for (const device of devices) {
  const { target } = device;
  const numRuns = target.kind === "cpu" ? 120 : 8;
  Deno.test(`random points of random programs' generic spaces are right on ${target.name}`, async () => {
    let right = 0;
    await fc.assert(
      fc.asyncProperty(
        arb,
        fc.constantFrom(target, generic),
        fc.nat(),
        async ({ func, shapes }, from, seed) => {
          const { template } = match(func, from, [fallback]);
          const space = spaceOf(func, template);
          const config = space.at(space.random(Rng.of(seed)));
          let wrong: string | undefined;
          try {
            const executable = compile(instantiate(func, template, space, config).func, target);
            const subject = subjectOf(func, shapes, seed, randomInputs(func, seed, shapes));
            wrong = await wrongResults(device, subject, executable);
          } catch (e) {
            assertInstanceOf(e, TunebookError, `${space.show(config)}: ${e}`);
            return;
          }
          assertEquals(wrong, undefined, `${space.show(config)}\n${func}`);
          right++;
        },
      ),
      { numRuns },
    );
    assertEnough(right, numRuns, 0.9);
  });
}
