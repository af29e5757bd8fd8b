/** Pool: the sum, maximum or minimum over a window that slides over an image, each channel by itself. */
import type { Step } from "../../schedule/step.ts";
import type { PrimFunc } from "../../ir/func.ts";
import { iterOf, spatialAxes } from "../analysis.ts";
import { after } from "../normal_form.ts";
import { anchorOf } from "../steps/anchor.ts";
import { checkedRule, type Rule } from "../rule.ts";
import {
  slidingIndicesOf,
  type SlidingWindow,
  slidingWindowOf,
  slidingWindowTemplate,
} from "../steps/sliding_window.ts";

export const poolRule: Rule = checkedRule({
  name: "Pool",
  find: match,
  take(found, target) {
    const { main, image, window } = found;
    return {
      template: after(found.steps, slidingWindowTemplate(found, target)),
      because: `block ${main.block.name} reduces a window (${
        window.map((it) => it.var.name).join(", ")
      }) that slides over ` +
        `${image.buffer.name}`,
    };
  },
});

interface Match extends SlidingWindow {
  /** The steps that make the program that was matched of the one that was given. */
  readonly steps: readonly Step[];
}

function match(func: PrimFunc): Match | string {
  const anchored = anchorOf(func);
  if (typeof anchored === "string") return anchored;
  const { main, steps } = anchored;
  const [image] = main.loads;
  if (!image || main.loads.length !== 1) {
    return `block ${main.block.name} reads ${main.loads.length} elements and not one`;
  }
  const slides = slidingIndicesOf(main, image);
  if (slides.length === 0) return `no window slides over ${image.buffer.name}`;
  if (!main.store.indices.every((e) => iterOf(main, e))) {
    return `block ${main.block.name} does not write at plain axes`;
  }
  const still = spatialAxes(main.block).filter((it) => !slides.some((s) => s.along === it));
  const filter = still.at(-1);
  if (!filter) return "every axis of the result slides";
  return { ...slidingWindowOf(main, image, undefined, slides, filter), steps };
}
