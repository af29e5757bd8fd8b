/**
 * Reduction: blocks that reduce the rows of tensors, each row by itself, and elementwise blocks over the same
 * rows: sums, maxima, softmax, the norms, log-sum-exp, chains of them. Usually it is one kernel: a workgroup takes whole
 * rows and runs all blocks for them. Threads share a row, the rows' statistics stay in registers, and an input is read
 * again if that is cheaper than keeping it. For few and long rows there is one kernel per block, and workgroups share rows.
 */
import { equalExpr } from "../../ir/equal.ts";
import type { Expr } from "../../ir/expr.ts";
import {
  axisTypes,
  constExtent,
  consumerNodes,
  isMatrixProduct,
  iterOf,
  type Node,
  nodesOf,
  spatialAxes,
} from "../analysis.ts";
import { columnTemplate } from "./reduction/column_template.ts";
import { type RowReduction, rowTemplate } from "./reduction/row_template.ts";
import { checkedRule, type Rule } from "../rule.ts";

export const reductionRule: Rule = checkedRule({
  name: "Reduction",
  find(func) {
    const nodes = nodesOf(func);
    return typeof nodes === "string" ? nodes : rowReductionOf(nodes);
  },
  take(found, target) {
    const { kept, outer } = found;
    const named = (kind: Node["kind"], one: string, more: string) => {
      const names = kept.filter((n) => n.kind === kind).map((n) => n.block.name);
      return names.length === 0 ? "" : `${names.join(", ")} ${names.length === 1 ? one : more}`;
    };
    const also = named("injective", "is", "are");
    return {
      template: outer ? columnTemplate(found, target) : rowTemplate(found, target),
      because: `${named("reduction", "reduces", "reduce")} each row by itself` +
        (outer ? ", and neighbours in memory belong to different rows" : "") +
        (also ? `, and ${also} elementwise over the same rows` : ""),
    };
  },
});

/** Whether an index is an axis that a block reduces over. */
function isReduced(node: Node, index: Expr): boolean {
  return iterOf(node, index)?.type === "reduce";
}

/** Gives the reduction of rows that blocks are together, or the reason why they are none. */
export function rowReductionOf(nodes: readonly Node[]): RowReduction | string {
  const [first] = nodes.filter((n) => n.kind === "reduction");
  if (!first) return "it reduces nothing";
  const product = nodes.find(isMatrixProduct);
  if (product) {
    return `block ${product.block.name} is a matrix product, whose operands are read again and again`;
  }
  const inlined = nodes.filter((n) =>
    n.kind === "injective" && !n.result && consumerNodes(n, nodes).length > 0
  );
  const kept = nodes.filter((n) => !inlined.includes(n));
  const rows = spatialAxes(first.block).length;
  const extents = first.block.iters.slice(0, rows).map((it) => it.extent);
  for (const n of kept) {
    const shape = axisTypes(n.block);
    const own = shape.slice(rows);
    if (!shape.startsWith("S".repeat(rows)) || (n.kind === "reduction" && own.includes("S"))) {
      return `block ${n.block.name} has axes ${shape} and not ${
        "S".repeat(rows)
      }R: rows first, then reduced axes`;
    }
    if (n.kind === "injective" && own.length > 1) {
      return `block ${n.block.name} has ${own.length} axes beyond the rows and not one`;
    }
    if (n.block.iters.some((it, d) => d < rows && !equalExpr(it.extent, extents[d] as Expr))) {
      return `block ${n.block.name} has other rows than ${first.block.name}`;
    }
    const width = n.block.iters[rows]?.extent;
    if (width && constExtent(width) === 1) {
      return `block ${n.block.name} has one element a row: there is nothing to share`;
    }
    if (n.store.indices.some((e, d) => e !== n.block.iters[d]?.var)) {
      return `block ${n.block.name} does not write its own row`;
    }
    if (!n.result && consumerNodes(n, nodes).length === 0) return `nothing reads block ${n.block.name}`;
  }
  for (const n of nodes) {
    const plain = n.store.indices.length === spatialAxes(n.block).length &&
      n.store.indices.every((e, d) => e === n.block.iters[d]?.var);
    if (!plain) return `block ${n.block.name} does not write at plain axes`;
    const foreign = n.loads.find((l) =>
      nodes.some((p) => p.store.buffer === l.buffer) && l.indices.some((e, d) => e !== n.block.iters[d]?.var)
    );
    if (foreign) return `block ${n.block.name} reads ${foreign.buffer.name} of another row`;
  }
  const reduced = first.block.iters.at(-1);
  const last = first.block.iters[rows - 1]?.var;
  // A result that keeps reduced dimensions, with an extent of 1, is of the rank of what it is read from.
  const along = first.loads.filter((l) => l.indices.length > rows);
  const read = along.length > 0
    ? along
    : first.loads.filter((l) => l.indices.some((e) => isReduced(first, e)));
  const outer = rows > 0 && read.length > 0 && read.every((l) => l.indices.at(-1) === last);
  const reductions = kept.filter((n) => n.kind === "reduction");
  if (
    outer &&
    (reductions.length > 1 || kept.some((n) => n.kind === "injective" && n.block.iters.length > rows))
  ) {
    return "neighbours in memory belong to different rows, and a row is read more than once";
  }
  if (outer && (kept.length > 2 || (kept.length === 2 && first.result))) {
    return "neighbours in memory belong to different rows, and there is more than one result";
  }
  return { kept, inlined, rows, columns: reduced && constExtent(reduced.extent), outer };
}
