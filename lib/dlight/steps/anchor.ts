/** The one reduction of a program, with what comes before and after it brought into a form that templates take. */
import { isConst } from "../../ir/build.ts";
import { equalExpr } from "../../ir/equal.ts";
import type { Expr, Load } from "../../ir/expr.ts";
import type { PrimFunc } from "../../ir/func.ts";
import { Schedule } from "../../schedule/schedule.ts";
import type { Step } from "../../schedule/step.ts";
import { consumerNodes, isPrologue, mentions, type Node, nodesOf, producerNodes } from "../analysis.ts";
import { placesReadOnce } from "./digits.ts";

/** A program whose main block is its only reduction; what follows from it reads its results at plain axes. */
export interface Anchored {
  readonly main: Node;
  readonly nodes: readonly Node[];
  /** The program in that form. */
  readonly func: PrimFunc;
  /** The steps that make it of the program that was given. */
  readonly steps: readonly Step[];
}

const known = new WeakMap<PrimFunc, Anchored | string>();

/**
 * Finds the only reduction of a program. What follows from it is inlined, so that only results are left. They get axes
 * at which they read the reduction's results, where each of those is read once: in views, other orders, and parts.
 * Otherwise it gives the reason why it can't.
 */
export function anchorOf(func: PrimFunc): Anchored | string {
  let found = known.get(func);
  if (found === undefined) known.set(func, found = anchored(func));
  return found;
}

function anchored(func: PrimFunc): Anchored | string {
  const given = nodesOf(func);
  if (typeof given === "string") return given;
  const reductions = given.filter((n) => n.kind === "reduction");
  const [first] = reductions;
  if (!first || reductions.length !== 1) return `it has ${reductions.length} reductions and not one`;
  const sch = new Schedule(func), name = first.block.name;
  const inlined = given.filter((n) =>
    n.kind === "injective" && !n.result && !isPrologue(n, first, given) && consumerNodes(n, given).length > 0
  );
  const isBefore = (n: Node) => given.indexOf(n) < given.indexOf(first);
  for (const n of inlined) {
    if (!isBefore(n) || !isWorthKeeping(sch, n.block.name)) sch.computeInline(n.block.name);
  }
  let nodes = nodesOf(sch.func) as readonly Node[];
  const mainOf = () => nodes.find((n) => n.block.name === name) as Node;
  for (const n of nodes) {
    const map = mapTo(n, mainOf());
    if (map) sch.transformBlockLayout(n.block.name, map);
  }
  nodes = nodesOf(sch.func) as readonly Node[];
  const main = mainOf();
  const isKnown = (n: Node) =>
    n === main || isPrologue(n, main, nodes) || isFollower(n, main, nodes) || isBeside(n, main, nodes);
  const stray = nodes.find((n) => !isKnown(n));
  if (stray) {
    return `block ${stray.block.name} is neither a producer nor an elementwise consumer of ${name}`;
  }
  return { main, nodes, func: sch.func, steps: sch.func === func ? [] : sch.trace.steps };
}

/** Whether a block that only reads inputs is computed less often by itself than where it is read. */
function isWorthKeeping(sch: Schedule, name: string): boolean {
  const nodes = nodesOf(sch.func) as readonly Node[];
  const n = nodes.find((x) => x.block.name === name) as Node;
  return producerNodes(n, nodes).length === 0 &&
    consumerNodes(n, nodes).every((c) =>
      c.result && n.block.iters.length > 0 &&
      c.loads.filter((l) => l.buffer === n.store.buffer).every((l) =>
        c.block.iters.some((it) => !isConst(it.extent, 1) && !mentions(l.indices, it.var))
      )
    );
}

/** The axes for a result that reads the main block's results in another shape; undefined where its own will do. */
function mapTo(n: Node, main: Node) {
  const reads = n.loads.filter((l) => l.buffer === main.store.buffer), [read] = reads;
  if (n === main || n.kind !== "injective" || !n.result || !read || !isOnePlace(reads)) return undefined;
  if (read.indices.every((e) => e.kind === "const" || axisOf(e))) return undefined;
  return placesReadOnce(n.block.iters, read.indices, main.store.buffer.shape);
}

function isOnePlace(reads: readonly Load[]): boolean {
  return reads.every((l) => l.indices.every((e, d) => equalExpr(e, reads[0]?.indices[d] as Expr)));
}

/** The axis of an index `axis` or `axis + constant`. */
function axisOf(e: Expr): Expr | undefined {
  if (e.kind === "var") return e;
  return e.kind === "binary" && e.op === "add" && e.a.kind === "var" && e.b.kind === "const"
    ? e.a
    : undefined;
}

/** Whether a block writes a result, an element for one of the main block's, or for one of another result that does. */
function isFollower(n: Node, main: Node, nodes: readonly Node[]): boolean {
  if (n.kind !== "injective" || !n.result) return false;
  const made = producerNodes(n, nodes).filter((p) => !isBeside(p, main, nodes));
  const [from] = made;
  if (!from || made.length !== 1) return false;
  const reads = n.loads.filter((l) => l.buffer === from.store.buffer), [read] = reads;
  if (!read || !isOnePlace(reads)) return false;
  const axes = read.indices.filter((e) => e.kind !== "const").map(axisOf);
  const isPlain = axes.every((a) => a !== undefined) && new Set(axes).size === axes.length;
  const isAll = n.block.iters.every((it) => isConst(it.extent, 1) || axes.includes(it.var));
  if (!isPlain || !isAll) return false;
  if (from === main) return true;
  return from.store.indices.every((e, d) => e === from.block.iters[d]?.var) && isFollower(from, main, nodes);
}

/** Whether a block computes from inputs what results along fewer axes need. */
function isBeside(n: Node, main: Node, nodes: readonly Node[]): boolean {
  const next = consumerNodes(n, nodes);
  return n.kind === "injective" && !n.result && next.length > 0 && !next.includes(main) &&
    producerNodes(n, nodes).length === 0 && next.every((c) => c.result && c.kind === "injective");
}
