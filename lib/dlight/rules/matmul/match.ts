/** Matches a matrix product: its operands and its axes. */
import type { Load } from "../../../ir/expr.ts";
import type { PrimFunc } from "../../../ir/func.ts";
import type { IterVar } from "../../../ir/stmt.ts";
import type { Step } from "../../../schedule/step.ts";
import { constExtent, iterOf, mentions, type Node, productTerms, spatialAxes } from "../../analysis.ts";
import { anchorOf } from "../../steps/anchor.ts";

export interface MatmulMatch {
  readonly main: Node;
  readonly a: Load;
  readonly b: Load;
  readonly i: IterVar;
  readonly j: IterVar;
  readonly k: IterVar;
  /** Axes along which there is a product for each position: those of both operands, and further ones of either. */
  readonly batch: readonly IterVar[];
  /** True if neighbours in memory of B are neighbours along j. */
  readonly jIsLast: boolean;
  /** True if neighbours in memory of A are neighbours along k. */
  readonly kIsLast: boolean;
  /** The steps that make the program that was matched of the one that was given. */
  readonly steps: readonly Step[];
}

/** The axes of a matrix product, or why `func` is none. */
export function matchMatmul(func: PrimFunc): MatmulMatch | string {
  const anchored = anchorOf(func);
  if (typeof anchored === "string") return anchored;
  const { main, steps } = anchored;
  const terms = productTerms(main);
  const [x, y] = terms ?? [];
  if (x?.kind !== "load" || y?.kind !== "load") {
    return `block ${main.block.name} is not a sum of products of two tensors`;
  }
  if (x.buffer === y.buffer) return `both operands are ${x.buffer.name}, and each needs a path of its own`;
  const plain = [...x.indices, ...y.indices, ...main.store.indices].every((e) => iterOf(main, e));
  if (!plain) return `block ${main.block.name} indexes its tensors by more than plain axes`;
  const axes = classify(main, x, y);
  return typeof axes === "string" ? axes : { ...axes, steps };
}

function classify(main: Node, x: Load, y: Load): Omit<MatmulMatch, "steps"> | string {
  const reduce = main.block.iters.filter((it) => it.type === "reduce");
  const spatial = spatialAxes(main.block);
  const [k] = reduce;
  if (!k || reduce.length !== 1) return `it reduces over ${reduce.length} axes and not one`;
  const inBoth = (it: IterVar) => mentions(x.indices, it.var) && mentions(y.indices, it.var);
  const only = (p: Load, q: Load) =>
    spatial.filter((it) => mentions(p.indices, it.var) && !mentions(q.indices, it.var));
  // The operand whose own axis comes first in the result is A.
  const xFirst =
    spatial.findIndex((it) => only(x, y).includes(it)) <= spatial.findIndex((it) => only(y, x).includes(it));
  const [a, b] = xFirst ? [x, y] : [y, x];
  const [i, j] = [longest(only(a, b)), longest(only(b, a))];
  if (!i || !j) {
    return `no axis belongs to ${i ? b.buffer.name : a.buffer.name} alone: it is a matrix-vector product`;
  }
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
    batch: spatial.filter((it) => it !== i && it !== j),
    jIsLast: b.indices.at(-1) === j.var,
    kIsLast: a.indices.at(-1) === k.var,
  };
}

/** The last of the axes that are not known to be of extent 1; the last one if all are. */
function longest(axes: readonly IterVar[]): IterVar | undefined {
  return axes.findLast((it) => constExtent(it.extent) !== 1) ?? axes.at(-1);
}
