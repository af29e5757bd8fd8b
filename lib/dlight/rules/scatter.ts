/** Scatter: updates at positions that are data, each combined with an element. A thread makes one update, atomically. */
import { isScatter } from "../analysis.ts";
import type { Rule } from "../rule.ts";
import { kernelPerBlock, threadsKnob } from "../steps/kernel_per_block.ts";
import { spreadUpdates } from "../steps/spread_updates.ts";

export const scatterRule: Rule = kernelPerBlock({
  name: "Scatter",
  isMain: isScatter,
  does: "scattered updates",
  schedule: (sch, knobs, b, target) => spreadUpdates(sch, b.name, threadsKnob(knobs, target)),
});
