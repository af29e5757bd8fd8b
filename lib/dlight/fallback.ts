/**
 * Fallback: schedules anything. Each block that can't be inlined is a kernel of its own: its spatial loops
 * fused and spread over threads, its reduction serial in a register.
 */
import type { Template } from "../space/template.ts";
import type { Target } from "../target/target.ts";
import { PRESETS } from "./presets.ts";
import type { Rule } from "./rule.ts";
import { isResult, tooMany } from "./stage.ts";

export const fallback: Rule = {
  name: "Fallback",
  match: (_func, target) => ({ template: template(target), because: "it schedules any program" }),
};

function template(target: Target): Template {
  return (sch, knobs) => {
    const threads = knobs.choice(
      "threads",
      [32, 64, 128, 256],
      Math.min(PRESETS[target.profile].fallback.threads, 256),
    );
    knobs.require(["threads"], (threads: number) => tooMany(target, threads));
    for (const name of sch.blocks()) {
      const injective = sch.block(name).iters.every((it) => it.type === "spatial");
      if (injective && !isResult(sch, name) && sch.consumers(name).length > 0) sch.computeInline(name);
    }
    for (const name of sch.blocks()) {
      const { iters } = sch.block(name);
      const reduces = iters.some((it) => it.type === "reduce");
      const back = reduces ? sch.cacheWrite(name, "local") : undefined;
      const loops = sch.loops(name);
      const spatial = loops.filter((_, d) => iters[d]?.type === "spatial");
      const reduce = loops.filter((_, d) => iters[d]?.type === "reduce");
      if (reduce.length > 0 && spatial.length > 0) sch.reorder(...spatial, ...reduce);
      const all = spatial.length === 0
        ? sch.addUnitLoop(name)
        : spatial.length > 1
        ? sch.fuse(...spatial)
        : spatial[0] as string;
      const [block, thread] = sch.split(all, [null, threads]) as [string, string];
      sch.bind(block, "blockIdx.x");
      sch.bind(thread, "threadIdx.x");
      if (back !== undefined) sch.reverseComputeAt(back, thread);
      const [first] = reduce;
      if (first !== undefined) sch.decomposeReduction(name, first);
    }
  };
}
