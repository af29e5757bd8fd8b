/**
 * ReductionChain: reductions of rows, one after the other, where a later one has other rows, such as the mean of losses that
 * each reduce a row. Each is scheduled as Reduction does, in a kernel of its own.
 */
import { prefixedKnobs } from "../../space/prefixed_knobs.ts";
import { type Node, nodesOf } from "../analysis.ts";
import { checkedRule, type Rule } from "../rule.ts";
import { rowReductionOf } from "./reduction.ts";
import { columnTemplate } from "./reduction/column_template.ts";
import { type RowReduction, rowTemplate } from "./reduction/row_template.ts";

export const reductionChainRule: Rule = checkedRule({
  name: "ReductionChain",
  find(func) {
    const nodes = nodesOf(func);
    return typeof nodes === "string" ? nodes : linksOf(nodes);
  },
  take(links, target) {
    const templates = links.map((m) => m.outer ? columnTemplate(m, target) : rowTemplate(m, target));
    const firsts = links.map((m) => m.kept[0]?.block.name);
    return {
      template: (sch, knobs) =>
        templates.forEach((template, k) =>
          template(sch, k === 0 ? knobs : prefixedKnobs(knobs, `link${k + 1}.`))
        ),
      because: `reductions of rows follow one another, from blocks ${firsts.join(", ")} on`,
    };
  },
});

/** The reductions of a chain, in order: each takes all blocks that it can. */
function linksOf(nodes: readonly Node[]): readonly RowReduction[] | string {
  const links: RowReduction[] = [];
  for (let rest = nodes; rest.length > 0;) {
    let found: RowReduction | undefined, why = "";
    for (let count = rest.length; count > 0 && !found; count--) {
      const own = rowReductionOf(withResults(rest.slice(0, count), rest.slice(count)));
      if (typeof own === "string") why = own;
      else {
        found = own;
        rest = rest.slice(count);
      }
    }
    if (!found) return why;
    links.push(found);
  }
  return links.length > 1 ? links : "it is one reduction of rows";
}

/** What later blocks read stays in memory, as results do. */
function withResults(nodes: readonly Node[], later: readonly Node[]): readonly Node[] {
  return nodes.map((n) => {
    const isRead = later.some((m) => m.loads.some((l) => l.buffer === n.store.buffer));
    return isRead ? { ...n, result: true } : n;
  });
}
