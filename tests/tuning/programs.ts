/** Small programs, and a template for one of them with a space that can be searched to its end. */
import type { PrimFunc } from "../../lib/ir/func.ts";
import { interpret } from "../../lib/interp/interpret.ts";
import { checkOutput } from "../../lib/measure/check.ts";
import { randomInputs } from "../../lib/measure/random_inputs.ts";
import type { Device } from "../../lib/runtime/device.ts";
import type { Factors } from "../../lib/space/knobs.ts";
import type { Template } from "../../lib/space/template.ts";
import * as te from "../../lib/face/te.ts";
import { compile } from "../../lib/codegen/compile.ts";

export const matmul = te.matmul({ m: 8, n: 8, k: 8 });
export const add = te.add({ shape: [64] });

/** 14 points for `add`, of which 10 are accepted. */
export const small: Template = (sch, knobs) => {
  const [, threads = 1] = knobs.split("threads", 64, { parts: 2, preset: [16] });
  const unroll = knobs.flag("unroll", false);
  knobs.require(["threads"], ([, n]: Factors[2]) => n > 16 ? `${n} threads: the test takes 16` : undefined);
  const [block = ""] = sch.blocks();
  const [i = ""] = sch.loops(block);
  const [outer = "", inner = ""] = sch.split(i, [null, threads]);
  if (unroll) sch.unroll(inner);
  else sch.bind(inner, "threadIdx.x");
  sch.bind(outer, "blockIdx.x");
};

/** What is wrong with a scheduled program's results on fresh inputs, if something is. */
export async function wrongOn(
  device: Device,
  original: PrimFunc,
  scheduled: PrimFunc,
  seed: number,
): Promise<string | undefined> {
  using program = await device.load(compile(scheduled, device.target));
  const inputs = randomInputs(original, seed);
  const results = await program.run(inputs);
  for (const [name, reference] of Object.entries(interpret(original, inputs))) {
    const result = results[name];
    if (!result) return `no output ${name}`;
    const { wrong } = checkOutput(name, result, reference, "f32");
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}
