/** Attention over pages with a row for each thread: right at its knobs' values, and the preset of prompts on llvmpipe. */
import { assert, assertEquals } from "@std/assert";
import * as op from "../../lib/face/op.ts";
import { pagedAttentionProgram } from "../../lib/op/paged_attention.ts";
import { compute } from "../../lib/te/compute.ts";
import { placeholder } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";
import { call } from "../../lib/ir/build.ts";
import type { Var } from "../../lib/ir/expr.ts";
import { compile } from "../../lib/codegen/compile.ts";
import { match, schedule } from "../../lib/dlight/schedule.ts";
import { PRESETS } from "../../lib/dlight/presets.ts";
import { instantiate, runAtPresets } from "../../lib/space/template.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { devices } from "../devices.ts";
import { subjectOf, wrongOn } from "../lower/checked_run.ts";

const paged = (rows: number | "n", chunk?: number) =>
  pagedAttentionProgram({
    rows,
    blocks: chunk ? "b" : 2,
    pages: "p",
    pageSize: 4,
    heads: 4,
    kvHeads: 2,
    headDim: 8,
    ...(chunk ? { chunk } : { sequences: true }),
  });
const seed = () => crypto.getRandomValues(new Uint32Array(1))[0] as number % 2 ** 20;

Deno.test("positions on neighbouring threads give the same as results on them", async () => {
  for (
    const [func, shapes] of [[paged("n", 8), { n: 11, b: 3, p: 4 }], [paged(3), { p: 5 }]] as const
  ) {
    const subject = subjectOf(func, shapes, seed());
    for (const device of devices) {
      const { template, rule } = match(func, device.target);
      assertEquals(rule, "GeneralReduction");
      const { space } = runAtPresets(func, template);
      for (const [results, chunk] of [[1, 1], [8, 4]] as const) {
        const config = { ...space.at(space.preset), threads: 8, lanes: "rows", places: 1, results, chunk };
        const { func: scheduled } = instantiate(func, template, space, config);
        assertEquals(await wrongOn(device, subject, scheduled), undefined);
      }
    }
  }
});

Deno.test("a prompt's tokens are rows of threads on llvmpipe, and a single token's results are spread", () => {
  const target = targetOf("llvmpipe");
  assertEquals(schedule(paged("n", 64), target).preset.lanes, "rows");
  assertEquals(schedule(paged(1, 64), target).preset.lanes, "results");
  assertEquals(schedule(paged("n", 64), targetOf("generic-webgpu")).preset.lanes, "results");
});

Deno.test("positions are side by side in one way", () => {
  const func = paged("n", 8), target = targetOf("llvmpipe"), { space } = schedule(func, target);
  const refused = (config: Readonly<Record<string, number | string>>) =>
    space.refusal(space.indexOf({ ...space.at(space.preset), ...config }));
  assert(refused({ lanes: "rows", places: 2 })?.includes("side by side already"));
  assertEquals(refused({ lanes: "results", places: 2, chunk: 1 }), undefined);
});

Deno.test("what is computed ahead for attention has a thread for each few elements, not a workgroup", () => {
  const target = targetOf("llvmpipe"), X = placeholder("X", [64, 4, 8]);
  const Q = compute("Q", [64, 4, 8], (...at) => call("tanh", X.at(...at as readonly Var[])));
  const K = placeholder("K", [64, 4, 8]), V = placeholder("V", [64, 4, 8]);
  const func = primFunc("attention", [X, K, V, op.attention(Q, K, V)]);
  const { launches } = compile(schedule(func, target).func, target);
  assertEquals(launches.length, 3);
  for (const { workgroupSize } of launches) {
    assert(workgroupSize.reduce((a, b) => a * b, 1) >= PRESETS.llvmpipe.generalReduction.threads);
  }
});
