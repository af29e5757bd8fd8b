/** The source of some kernels, as a reader of it would want it. */
import { compile } from "../../lib/codegen/compile.ts";
import { fallback } from "../../lib/dlight/fallback/fallback.ts";
import { match, rules, schedule } from "../../lib/dlight/schedule.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import type { Config } from "../../lib/space/knobs.ts";
import { instantiate, spaceOf } from "../../lib/space/template.ts";
import { CAPABILITIES } from "../../lib/target/capabilities.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import type { Profile, Target } from "../../lib/target/target.ts";
import * as te from "../../lib/face/te.ts";
import { golden } from "../golden.ts";

function source(
  func: PrimFunc,
  profile: Profile,
  among = rules,
  limits: Partial<Target["limits"]> = {},
  more: Partial<Target> = {},
): string {
  const target = targetOf(profile);
  const limited = { ...target, ...more, limits: { ...target.limits, ...limits } };
  return compile(schedule(func, limited, among).func, limited).launches.map((l) => l.source).join("\n");
}

/** The source at the rule's own point, but for some knobs. */
function sourceAt(func: PrimFunc, profile: Profile, knobs: Config): string {
  const target = targetOf(profile);
  const { template } = match(func, target);
  const space = spaceOf(func, template);
  const { func: scheduled } = instantiate(func, template, space, { ...space.at(space.preset), ...knobs });
  return compile(scheduled, target).launches.map((l) => l.source).join("\n");
}

const WGSL: Readonly<Record<string, string>> = {
  matmul_textures: source(te.matmul({ m: 4, n: 8, k: 8 }), "llvmpipe"),
  matmul_sampled: sourceAt(te.matmul({ m: 4, n: 8, k: 8 }), "qualcomm-adreno", {
    a_path: "texture",
    b_path: "texture",
  }),
  matmul_shared: source(te.matmul({ m: 64, n: 64, k: 16 }), "generic-webgpu"),
  matmul_stream_k: sourceAt(te.matmul({ m: 16, n: 16, k: 512, bias: true }), "generic-webgpu", {
    tile_i: [4, 1],
    tile_j: [2, 4],
    tile_k: [4],
    stream_k: 24,
    split_k: 1,
    pad: 0,
    k_major: false,
  }),
  matmul_symbolic: source(te.matmul({ m: "m", n: 8, k: 6, transposeB: true }), "generic-webgpu"),
  matmul_fallback: source(te.matmul({ m: 13, n: 11, k: "k" }), "generic-webgpu", [fallback]),
  gemv_q4f16_1: source(te.gemv({ n: 6, k: 64, weights: "q4f16_1" }), "generic-webgpu"),
  matmul_i8: source(te.matmul({ m: 4, n: 8, k: 32, dtype: "i8", out: "f32" }), "llvmpipe"),
  softmax: source(te.softmax({ rows: 8, columns: 100 }), "generic-webgpu"),
  softmax_subgroups: source(te.softmax({ rows: 8, columns: 1000 }), "apple", rules, {}, {
    subgroups: { minSize: 32, maxSize: 32, directive: true },
  }),
  gelu_f16: source(te.gelu({ shape: [3, 5], dtype: "f16" }), "generic-webgpu"),
  add_folded: source(te.add({ shape: [1000] }), "generic-webgpu", [fallback], { maxWorkgroups: 3 }),
};

const JS: Readonly<Record<string, string>> = {
  gelu: source(te.gelu({ shape: ["n", 3] }), "cpu", [fallback], {}, CAPABILITIES.js),
  softmax_lockstep: compile(
    schedule(te.softmax({ rows: 2, columns: 6 }), targetOf("generic-webgpu")).func,
    { ...targetOf("cpu"), ...CAPABILITIES.js },
  ).launches.map((l) => l.source).join("\n"),
};

for (const [name, text] of Object.entries(WGSL)) {
  Deno.test(`WGSL of ${name}`, () => golden(`codegen/wgsl/${name}.wgsl`, text));
}
for (const [name, text] of Object.entries(JS)) {
  Deno.test(`JavaScript of ${name}`, () => golden(`codegen/js/${name}.txt`, text));
}
