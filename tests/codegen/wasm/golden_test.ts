/** WebAssembly of some kernels, as a reader of it would want it. */
import { compile } from "../../../lib/codegen/compile.ts";
import { fallback } from "../../../lib/dlight/fallback/fallback.ts";
import { rules, schedule } from "../../../lib/dlight/schedule.ts";
import * as te from "../../../lib/face/te.ts";
import type { PrimFunc } from "../../../lib/ir/func.ts";
import { targetOf } from "../../../lib/target/profiles.ts";
import type { Target } from "../../../lib/target/target.ts";
import { golden } from "../../golden.ts";

const strict: Target = targetOf("cpu");

function source(func: PrimFunc, among = rules, scheduledFor = strict, target = strict): string {
  const { launches } = compile(schedule(func, scheduledFor, among).func, target);
  return launches.map((l) => l.source).join("\n");
}

const TEXTS: Readonly<Record<string, string>> = {
  add: source(te.add({ shape: [64] })),
  add_symbolic: source(te.add({ shape: ["n", 3] }), [fallback]),
  silu_f16: source(te.silu({ shape: [8], dtype: "f16" })),
  matmul_relaxed: source(te.matmul({ m: 4, n: 8, k: 8 }), rules, strict, { ...strict, relaxedSimd: true }),
  embedding: source(te.embedding({ vocabulary: 10, columns: 4, rows: 3 })),
  softmax_barriers: source(te.softmax({ rows: 2, columns: 6 }), rules, targetOf("generic-webgpu")),
};

for (const [name, text] of Object.entries(TEXTS)) {
  Deno.test(`WebAssembly of ${name}`, () => golden(`codegen/wasm/${name}.txt`, text));
}
