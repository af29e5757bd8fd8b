/**
 * Conv2d: one sum of products over a window that slides over one operand, in any layout, with any stride, dilation and
 * groups; also depthwise.
 */
import type { Step } from "../../schedule/step.ts";
import type { PrimFunc } from "../../ir/func.ts";
import { iterOf, mentions, productTerms, spatialAxes } from "../analysis.ts";
import { after } from "../normal_form.ts";
import { anchorOf } from "../steps/anchor.ts";
import { checkedRule, type Rule } from "../rule.ts";
import {
  slidingIndicesOf,
  type SlidingWindow,
  slidingWindowOf,
  slidingWindowTemplate,
} from "../steps/sliding_window.ts";

export const conv2dRule: Rule = checkedRule({
  name: "Conv2d",
  find: match,
  take(found, target) {
    const { main, image, window, filter } = found;
    return {
      template: after(found.steps, slidingWindowTemplate(found, target)),
      because: `block ${main.block.name} sums products over a window (${
        window.map((it) => it.var.name).join(", ")
      }) that ` +
        `slides over ${image.buffer.name}; ${filter.var.name} counts the filters`,
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
  const [p, q] = productTerms(main) ?? [];
  if (p?.kind !== "load" || q?.kind !== "load" || p.buffer === q.buffer) {
    return `block ${main.block.name} is not a sum of products of two tensors`;
  }
  const image = slidingIndicesOf(main, p).length > 0 ? p : q, weights = image === p ? q : p;
  const slides = slidingIndicesOf(main, image);
  if (slides.length === 0) return `no window slides over an operand of block ${main.block.name}`;
  if (!weights.indices.every((e) => iterOf(main, e) || e.kind === "const")) {
    return `${weights.buffer.name} is indexed by more than plain axes`;
  }
  if (!main.store.indices.every((e) => iterOf(main, e))) {
    return `block ${main.block.name} does not write at plain axes`;
  }
  const filters = spatialAxes(main.block).filter((it) => mentions(weights.indices, it.var));
  const [filter] = filters;
  if (!filter || filters.length !== 1) {
    return `${weights.buffer.name} has ${filters.length} axes of the result and not one`;
  }
  // Groups of filters move over groups of channels, which is no window.
  const moving = slides.filter((s) => s.along !== filter);
  if (moving.length === 0) return `no window slides over an operand of block ${main.block.name}`;
  return { ...slidingWindowOf(main, image, weights, moving, filter), steps };
}
