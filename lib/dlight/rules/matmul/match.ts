/** Matches a matrix product: its operands and its axes. */
import type { Load } from "../../../ir/expr.ts";
import type { PrimFunc } from "../../../ir/func.ts";
import type { IterVar } from "../../../ir/stmt.ts";
import {
  constExtent,
  isEpilogue,
  isPrologue,
  iterOf,
  mentions,
  type Node,
  nodesOf,
  productTerms,
} from "../../analysis.ts";

export interface MatmulMatch {
  readonly main: Node;
  readonly a: Load;
  readonly b: Load;
  readonly i: IterVar;
  readonly j: IterVar;
  readonly k: IterVar;
  readonly batch: IterVar | undefined;
  /** True if neighbours in memory of B are neighbours along j. */
  readonly jIsLast: boolean;
  /** True if neighbours in memory of A are neighbours along k. */
  readonly kIsLast: boolean;
}

/** The axes of a matrix product, or why `func` is none. */
export function matchMatmul(func: PrimFunc): MatmulMatch | string {
  const nodes = nodesOf(func);
  if (!nodes) return "it is scheduled already, or a block is more than one store";
  const reductions = nodes.filter((n) => n.kind === "reduction");
  const [main] = reductions;
  if (!main || reductions.length !== 1) return `it has ${reductions.length} reductions and not one`;
  const terms = productTerms(main);
  const [x, y] = terms ?? [];
  if (x?.kind !== "load" || y?.kind !== "load") {
    return `block ${main.block.name} is not a sum of products of two tensors`;
  }
  if (x.buffer === y.buffer) return `both operands are ${x.buffer.name}, and each needs a path of its own`;
  const plain = [...x.indices, ...y.indices, ...main.store.indices].every((e) => iterOf(main, e));
  if (!plain) return `block ${main.block.name} indexes its tensors by more than plain axes`;
  const axes = classify(main, x, y);
  if (typeof axes === "string") return axes;
  const stray = nodes.find((n) => n !== main && !isPrologue(n, main, nodes) && !isEpilogue(n, main, nodes));
  if (stray) {
    return `block ${stray.block.name} is neither a producer nor an elementwise consumer of the product`;
  }
  return axes;
}

function classify(main: Node, x: Load, y: Load): MatmulMatch | string {
  const reduce = main.block.iters.filter((it) => it.type === "reduce");
  const spatial = main.block.iters.filter((it) => it.type === "spatial");
  const [k] = reduce;
  if (!k || reduce.length !== 1) return `it reduces over ${reduce.length} axes and not one`;
  const inBoth = (it: IterVar) => mentions(x.indices, it.var) && mentions(y.indices, it.var);
  const only = (p: Load, q: Load) =>
    spatial.filter((it) => mentions(p.indices, it.var) && !mentions(q.indices, it.var));
  const batches = spatial.filter(inBoth);
  // The operand whose own axis comes first in the result is A.
  const xFirst =
    spatial.findIndex((it) => only(x, y).includes(it)) <= spatial.findIndex((it) => only(y, x).includes(it));
  const [a, b] = xFirst ? [x, y] : [y, x];
  const [i, ...moreI] = only(a, b);
  const [j, ...moreJ] = only(b, a);
  if (!i || !j) {
    return `no axis belongs to ${i ? b.buffer.name : a.buffer.name} alone: it is a matrix-vector product`;
  }
  if (moreI.length > 0 || moreJ.length > 0 || batches.length > 1) return "more than one axis of a kind";
  if (!inBoth(k)) return `axis ${k.var.name} is not of both operands`;
  const one = [i, j].find((it) => constExtent(it.extent) === 1);
  if (one) return `axis ${one.var.name} has extent 1: it is a matrix-vector product`;
  return {
    main,
    a,
    b,
    i,
    j,
    k,
    batch: batches[0],
    jIsLast: b.indices.at(-1) === j.var,
    kIsLast: a.indices.at(-1) === k.var,
  };
}
