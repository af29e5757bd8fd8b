/** Pool: the sum, maximum or minimum over a window that slides over an image, each channel by itself. */
import type { PrimFunc } from "../../ir/func.ts";
import { isEpilogue, isPrologue, iterOf, nodesOf } from "../analysis.ts";
import { checkedRule, type Rule } from "../rule.ts";
import {
  slidingIndicesOf,
  type SlidingWindow,
  slidingWindowOf,
  slidingWindowTemplate,
} from "../steps/sliding_window.ts";

export const poolRule: Rule = checkedRule({
  name: "Pool",
  match(func, target) {
    const found = match(func);
    if (typeof found === "string") return { because: found };
    const { main, image, window } = found;
    return {
      template: slidingWindowTemplate(found, target),
      because: `block ${main.block.name} reduces a window (${
        window.map((it) => it.var.name).join(", ")
      }) that slides over ` +
        `${image.buffer.name}`,
    };
  },
});

function match(func: PrimFunc): SlidingWindow | string {
  const nodes = nodesOf(func);
  if (!nodes) return "it is scheduled already, or a block is more than one store";
  const reductions = nodes.filter((n) => n.kind === "reduction");
  const [main] = reductions;
  if (!main || reductions.length !== 1) return `it has ${reductions.length} reductions and not one`;
  const [image] = main.loads;
  if (!image || main.loads.length !== 1) {
    return `block ${main.block.name} reads ${main.loads.length} elements and not one`;
  }
  const slides = slidingIndicesOf(main, image);
  if (slides.length === 0) return `no window slides over ${image.buffer.name}`;
  if (!main.store.indices.every((e) => iterOf(main, e))) {
    return `block ${main.block.name} does not write at plain axes`;
  }
  const stray = nodes.find((n) => n !== main && !isPrologue(n, main, nodes) && !isEpilogue(n, main, nodes));
  if (stray) {
    return `block ${stray.block.name} is neither a producer nor an elementwise consumer of ${main.block.name}`;
  }
  const still = main.block.iters.filter((it) => it.type === "spatial" && !slides.some((s) => s.along === it));
  const filter = still.at(-1);
  return filter ? slidingWindowOf(main, image, undefined, slides, filter) : "every axis of the result slides";
}
