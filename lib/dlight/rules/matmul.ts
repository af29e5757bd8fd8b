/**
 * Matmul: one sum of products whose three kinds of axes are i (of A and C), j (of B and C) and k (of A and
 * B), and any batch axis of all three. Tiles for workgroups, threads and registers; operands through
 * workgroup memory, from buffers or from textures. For few results, workgroups share a reduction (split-K) or the steps of
 * all tiles (stream-K), and a second kernel adds the partial sums.
 */
import { presetsOf } from "../presets.ts";
import { checkedRule, type Rule } from "../rule.ts";
import { matchMatmul } from "./matmul/match.ts";
import { after } from "../normal_form.ts";
import { matmulTemplate } from "./matmul/template.ts";

export const matmulRule: Rule = checkedRule({
  name: "Matmul",
  find: matchMatmul,
  take(found, target, func) {
    const { matmul, packedMatmul = { ...matmul, bPath: matmul.path } } = presetsOf(target);
    const preset = func.params.includes(found.b.buffer) ? matmul : packedMatmul;
    return {
      template: after(found.steps, matmulTemplate(found, target, preset)),
      because:
        `block ${found.main.block.name} sums products over ${found.k.var.name}; ${found.i.var.name} is an axis ` +
        `of ${found.a.buffer.name} only, ${found.j.var.name} of ${found.b.buffer.name} only`,
    };
  },
});
