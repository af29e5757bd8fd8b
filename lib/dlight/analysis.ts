/** Analyses for rules: the blocks of a program, their kinds, and their accesses. */
import { isConst } from "../ir/build.ts";
import type { Expr, Load, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { reducerOf } from "../ir/reducer.ts";
import type { Block, For, IterVar, Stmt, Store } from "../ir/stmt.ts";
import { someExpr, usesVar, walkExpr } from "../ir/visit.ts";

/** A block of a program without a schedule, and the loops around it, outermost first. */
export interface Nest {
  readonly block: Block;
  readonly loops: readonly For[];
}

/** A block with a single store, in an unscheduled program. */
export interface Node extends Nest {
  readonly store: Store;
  /** The loads of the stored value, without the reduction's own. */
  readonly loads: readonly Load[];
  readonly kind: "injective" | "reduction";
  /** True if it writes an output of the program, which can't be inlined or moved to other memory. */
  readonly result: boolean;
}

/** The blocks of a program in order, with the loops around each; undefined if the program is scheduled already. */
export function nestsOf(func: PrimFunc): readonly Nest[] | undefined {
  const nests: Nest[] = [];
  const isPlain = (s: Stmt, loops: readonly For[]): boolean => {
    if (s.kind === "seq") return s.body.every((x) => isPlain(x, loops));
    if (s.kind === "for" && s.loop === "serial") return isPlain(s.body, [...loops, s]);
    if (s.kind === "block") nests.push({ block: s, loops });
    return s.kind === "block";
  };
  return isPlain(func.body, []) ? nests : undefined;
}

/** Whether a program has a schedule, so that no rule is asked for one. */
export function isScheduled(func: PrimFunc): boolean {
  return nestsOf(func) === undefined;
}

/** Why no rule takes a program that has a schedule. */
export const SCHEDULED = "it is scheduled already";

/** The blocks of a program in order, or the reason why rules can't read them. */
export function nodesOf(func: PrimFunc): readonly Node[] | string {
  const nests = nestsOf(func);
  if (!nests) return SCHEDULED;
  const nodes: Node[] = [];
  for (const nest of nests) {
    if (isScatter(nest.block)) return `block ${nest.block.name} scatters updates`;
    const node = nodeOf(nest, func);
    if (!node) return `block ${nest.block.name} is more than one store`;
    nodes.push(node);
  }
  return nodes;
}

function nodeOf({ block, loops }: Nest, func: PrimFunc): Node | undefined {
  const s = block.body;
  if (s.kind !== "store") return undefined;
  const loads: Load[] = [];
  walkExpr(s.value, (e) => {
    if (e.kind === "load" && e.buffer !== s.buffer) loads.push(e);
  });
  const kind = block.iters.some((it) => it.type === "reduce") ? "reduction" : "injective";
  return { block, store: s, loads, kind, result: func.params.includes(s.buffer), loops };
}

/** Whether a block combines values with elements at positions that are data, as `te.update` with `combine` makes it. */
export function isScatter({ body, init, iters }: Block): boolean {
  return body.kind === "store" && !init && reducerOf(body) !== undefined &&
    iters.some((it) => it.type === "reduce") &&
    body.indices.some((e) => someExpr(e, (x) => x.kind === "load"));
}

/** Gives the node's iteration variable that `index` is; undefined for any other expression. */
export function iterOf(node: Node, index: Expr | undefined): IterVar | undefined {
  return index?.kind === "var" ? node.block.iters.find((it) => it.var === index) : undefined;
}

/** True if `index` mentions `v`. */
export function mentions(indices: readonly Expr[], v: Var): boolean {
  return indices.some((e) => usesVar(e, (x) => x === v));
}

/** The constant extent, or undefined where it is symbolic. */
export function constExtent(e: Expr): number | undefined {
  return isConst(e) ? e.value : undefined;
}

/** The axes of a block that it does not reduce over. */
export function spatialAxes({ iters }: Block): readonly IterVar[] {
  return iters.filter((it) => it.type === "spatial");
}

/** The types of a block's axes in order: S for spatial, R for reduced. */
export function axisTypes({ iters }: Block): string {
  return iters.map((it) => it.type === "spatial" ? "S" : "R").join("");
}

/** How many positions axes have together; undefined where an extent is symbolic. */
export function sizeOf(axes: readonly { readonly extent: Expr }[]): number | undefined {
  return axes.reduce<number | undefined>((n, { extent }) => {
    const size = constExtent(extent);
    return n === undefined || size === undefined ? undefined : n * size;
  }, 1);
}

/** `x = x + y` with y a product, of numbers or packed bytes: the factors of y, casts taken off; undefined otherwise. */
export function productTerms(node: Node): readonly Expr[] | undefined {
  const reducer = reducerOf(node.store);
  const y = reducer?.value;
  if (reducer?.op !== "add") return undefined;
  if (y?.kind === "binary" && y.op === "mul") return [uncast(y.a), uncast(y.b)];
  return y?.kind === "call" && y.op === "dot4I8Packed" ? y.args : undefined;
}

/**
 * Tells whether a block sums products of two operands with an axis of its own each, which reads both again for each position
 * of the other's: a matrix product or a convolution.
 */
export function isMatrixProduct(n: Node): boolean {
  const [a, b] = productTerms(n)?.map((e) => spatialAxesOf(e, n)) ?? [];
  return a !== undefined && b !== undefined && !a.isSubsetOf(b) && !b.isSubsetOf(a);
}

/** The spatial axes longer than one by which an expression reads tensors. */
function spatialAxesOf(e: Expr, n: Node): ReadonlySet<IterVar> {
  const indices: Expr[] = [];
  walkExpr(e, (x) => {
    if (x.kind === "load") indices.push(...x.indices);
  });
  const axes = spatialAxes(n.block).filter((it) => constExtent(it.extent) !== 1);
  return new Set(axes.filter((it) => mentions(indices, it.var)));
}

function uncast(e: Expr): Expr {
  return e.kind === "cast" ? uncast(e.a) : e;
}

/** Nodes whose results `node` reads. */
export function producerNodes(node: Node, nodes: readonly Node[]): readonly Node[] {
  return nodes.filter((n) => node.loads.some((l) => l.buffer === n.store.buffer));
}

/** Nodes that read what `node` writes. */
export function consumerNodes(node: Node, nodes: readonly Node[]): readonly Node[] {
  return nodes.filter((n) => n !== node && n.loads.some((l) => l.buffer === node.store.buffer));
}

/** An injective node that only leads to `main`. */
export function isPrologue(n: Node, main: Node, nodes: readonly Node[]): boolean {
  const next = consumerNodes(n, nodes);
  return n.kind === "injective" && !n.result && next.length === 1 &&
    next.every((m) => m === main || isPrologue(m, main, nodes));
}

/** An elementwise node that follows from `main`, in a chain. */
export function isEpilogue(n: Node, main: Node, nodes: readonly Node[]): boolean {
  if (n.kind !== "injective" || n.store.indices.length !== main.store.indices.length) return false;
  if (n.store.indices.some((e, d) => e !== n.block.iters[d]?.var)) return false;
  const before = producerNodes(n, nodes);
  const [only] = before;
  if (!only || before.length !== 1 || only.result || consumerNodes(only, nodes).length !== 1) return false;
  const same = n.loads.filter((l) => l.buffer === only.store.buffer)
    .every((l) => l.indices.every((e, d) => e === n.store.indices[d]));
  return same && (only === main || isEpilogue(only, main, nodes));
}
