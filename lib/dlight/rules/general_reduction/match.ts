/** Matches a chain of reductions, and groups its blocks into kernels. */
import { equalExpr } from "../../../ir/equal.ts";
import type { Expr } from "../../../ir/expr.ts";
import type { PrimFunc } from "../../../ir/func.ts";
import { walkExpr } from "../../../ir/visit.ts";
import {
  constExtent,
  consumerNodes,
  isMatrixProduct,
  mentions,
  type Node,
  nodesOf,
  spatialAxes,
} from "../../analysis.ts";

/** Blocks that become one kernel. */
export interface Group {
  readonly nodes: readonly Node[];
  /** Leading spatial axes that all of them have. */
  readonly lead: number;
}

/** A chain of reductions, its blocks grouped into kernels. */
export interface MatchedGroups {
  readonly groups: readonly Group[];
  readonly inlined: readonly Node[];
  readonly nodes: readonly Node[];
}

/** Groups the blocks of a chain of reductions, or says why `func` is none. */
export function matchGroups(func: PrimFunc): MatchedGroups | string {
  const nodes = nodesOf(func);
  if (typeof nodes === "string") return nodes;
  if (nodes.filter((n) => n.kind === "reduction").length < 2) return "it has fewer than two reductions";
  const inlined = nodes.filter((n) =>
    n.kind === "injective" && !n.result && consumerNodes(n, nodes).length > 0 && !isWorthKeeping(n, nodes)
  );
  const kept = nodes.filter((n) => !inlined.includes(n));
  for (const n of nodes) {
    const spatial = spatialAxes(n.block);
    const first = n.block.iters.slice(0, spatial.length);
    if (first.some((it) => it.type !== "spatial") || n.store.indices.length !== spatial.length) {
      return `block ${n.block.name} has axes in another order than spatial, then reduced`;
    }
    if (n.store.indices.some((e, d) => e !== spatial[d]?.var)) {
      return `block ${n.block.name} does not write at plain axes`;
    }
    const loose = !n.result && consumerNodes(n, nodes).length === 0;
    if (loose) return `nothing reads block ${n.block.name}`;
  }
  const groups: Group[] = [];
  for (const n of kept) {
    const open = groups.at(-1);
    const joined = open && joinedLead(open, n, nodes);
    if (open && joined) groups[groups.length - 1] = { nodes: [...open.nodes, n], lead: joined };
    else groups.push({ nodes: [n], lead: rankOf(n) });
  }
  const lone = groups.find((g) =>
    g.nodes[0]?.block.iters.slice(0, g.lead).every((it) => constExtent(it.extent) === 1)
  );
  if (lone) return `block ${lone.nodes[0]?.block.name} has no axis to spread over workgroups`;
  const product = groups.flatMap((g) => g.nodes.filter((n) => readsAllAgain(n, g.lead)))[0];
  if (product) {
    return `block ${product.block.name} is a matrix product, and each workgroup would read all of an operand`;
  }
  if (groups.every((g) => g.nodes.length === 1)) {
    return "no two of its blocks run along the same leading axes";
  }
  return { groups, inlined, nodes };
}

/** Loads from which on it costs less to keep a value than to compute it again. */
const MANY_LOADS = 4;

/** Tells whether `n` is a matrix product with an operand that is the same at all positions of the leading axes. */
function readsAllAgain(n: Node, lead: number): boolean {
  const axes = n.block.iters.slice(0, lead);
  return isMatrixProduct(n) && n.loads.some((l) => !axes.some((it) => mentions(l.indices, it.var)));
}

/** Tells whether inlining `n` would repeat a call or many loads for each value of an axis that `n` does not have. */
function isWorthKeeping(n: Node, all: readonly Node[]): boolean {
  let calls = false;
  walkExpr(n.store.value, (e) => {
    if (e.kind === "call") calls = true;
  });
  return (calls || n.loads.length >= MANY_LOADS) && consumerNodes(n, all).some((c) => {
    const reads = c.loads.filter((l) => l.buffer === n.store.buffer);
    return c.block.iters.some((it) =>
      it.type === "spatial" && reads.some((l) => !mentions(l.indices, it.var))
    );
  });
}

/** How many axes a block has that it does not reduce over. */
export function rankOf(n: Node): number {
  return spatialAxes(n.block).length;
}

/**
 * Gives the leading axes that `n` shares with an open group, if it can join the group's kernel. It must read the group's
 * results at those axes alone, and no block of the group may need more leading axes.
 */
function joinedLead(group: Group, n: Node, all: readonly Node[]): number | undefined {
  const [first] = group.nodes;
  if (!first) return undefined;
  const most = Math.min(group.lead, rankOf(n));
  let lead = 0;
  while (lead < most && equalExpr(axisLength(first, lead), axisLength(n, lead))) lead++;
  const least = Math.min(...[...group.nodes, n].map(rankOf));
  const made = new Set(group.nodes.map((m) => m.store.buffer));
  // Values that are computed ahead, for a reduction to read them often, may have more axes of their own.
  const own = n.block.iters.slice(lead, rankOf(n));
  const ahead = group.nodes.length === 1 && first.kind === "injective" &&
    own.every((it) => constExtent(it.extent) !== undefined);
  // A block with fewer axes ends the group's kernel, unless it is the first block.
  if ((lead < least && !ahead) || lead === 0 || (group.nodes.length > 1 && lead < group.lead)) {
    return undefined;
  }
  // An inlined block that reads results of the group must be read at those axes too.
  const reach = (m: Node, aligned: boolean, seen: ReadonlySet<Node>): boolean =>
    m.loads.every((l) => {
      const own = aligned && l.indices.slice(0, lead).every((e, d) => e === m.block.iters[d]?.var);
      if (made.has(l.buffer)) return own;
      const producer = all.find((p) => p.store.buffer === l.buffer && !seen.has(p));
      return !producer || producer.kind === "reduction" || reach(producer, own, new Set([...seen, producer]));
    });
  return reach(n, true, new Set([n])) ? lead : undefined;
}

export function axisLength(n: Node, d: number): Expr {
  return n.block.iters[d]?.extent as Expr;
}
