/**
 * Groups calls that become one function: Relax's FuseOps, a union of each call with its immediate post-dominator. The
 * rules are those of TVM (src/relax/transform/fuse_ops.cc): a call is fused with the call that all paths from it go
 * through, if the paths and their end are of kinds that allow it.
 */
import { equalFunc } from "../../ir/equal.ts";
import { fingerprint } from "../../ir/fingerprint.ts";
import type { PrimFunc } from "../../ir/func.ts";
import { mergeCalls } from "../merge_calls.ts";
import { patternOf } from "../pattern_of.ts";
import { isUpTo, laterKind, type PatternKind } from "../pattern_kind.ts";
import type { Graph } from "../graph.ts";
import { updatesOf } from "../updates.ts";
import type { Binding, TirCall, Value } from "../value.ts";
import type { PassContext } from "./pass.ts";

/** The most calls of a group. */
const MOST = 256;

/** Calls that become one function, in order. */
export type Group = readonly Binding[];

/**
 * Groups the calls of a graph. A product or convolution takes along what follows it element by element, also in another
 * shape or order; maps take along maps, and are taken into reductions; what only moves elements is taken into anything. Arithmetic is never put in front of a
 * product, which would compute it again for every tile; two products are never one function.
 */
export function groupCalls(
  g: Graph,
  { accepts = () => true, maxBuffers = Infinity }: PassContext,
): readonly Group[] {
  const nodes = nodesOf(g);
  const dominators = postDominators(nodes);
  const groups = new Groups(nodes);
  const tryFuse = (from: Node, to: Node): void => {
    const between = path(from, to);
    const merged = groups.together([from, ...between, to]);
    const anchors = merged.filter((n) => !isUpTo(n.kind, "injective"));
    if (merged.length > MOST || anchors.length > 1 || !keepsOrder(merged)) return;
    const { call } = callOf(g, merged.map((n) => n.binding));
    const parts = new Set(merged.map((n) => groups.of(n)));
    const before = [...parts].map((p) => callOf(g, p.map((n) => n.binding)).call.func);
    if (call.func.params.length > maxBuffers || !accepts(call.func, before)) return;
    groups.join(merged);
  };
  for (const phase of [0, 1]) {
    for (const node of nodes) {
      const dominator = dominators.get(node);
      if (!dominator) continue;
      const { to, kind: edge } = dominator;
      if (groups.of(node) === groups.of(to)) continue;
      const kind = groups.kindOf(node);
      const inner = path(node, to).map((n) => n.kind).reduce(laterKind, edge);
      if (kind === "outEWiseFusable") {
        if (phase === 0 && isUpTo(to.kind, "injective") && isUpTo(inner, "injective")) tryFuse(node, to);
      } else if (isUpTo(kind, "injective")) {
        const takes = isUpTo(to.kind, "commReduce") || (to.kind === "outEWiseFusable" && groups.moves(node));
        const inTime = isUpTo(kind, "broadcast") || phase === 1;
        const within = path(node, to).every((n) => isUpTo(n.kind, "injective"));
        if (inTime && takes && within) tryFuse(node, to);
      }
    }
  }
  return groups.inOrder();
}

/** Tells whether calls may become one, which runs when the last of them did: what one reads, none in between updates. */
function keepsOrder(merged: readonly Node[]): boolean {
  const last = merged.at(-1) as Node;
  const updated = updatesOf(last.binding).map((u) => u.before);
  if (merged.some((n) => n.binding.results.some((v) => updated.includes(v)))) return false;
  return merged.every((n) => n.updatedAt.every((k) => n === last || k > last.index)) &&
    merged.every((n) => n === last || updatesOf(n.binding).length === 0);
}

/** Replaces each group of several calls by the call of one merged function. */
export function fuseOps(g: Graph, context: PassContext = {}): Graph {
  const known = new Map<string, PrimFunc>();
  const bindings = groupCalls(g, context).map((group): Binding => {
    if (group.length === 1) return group[0] as Binding;
    const { call, outputs } = callOf(g, group);
    // Layers of a model are fused alike, and share their function.
    const key = fingerprint(call.func), before = known.get(key);
    const func = before && equalFunc(before, call.func) ? before : call.func;
    known.set(key, func);
    return { call: { ...call, func }, results: outputs };
  });
  return g.with({ bindings });
}

interface Node {
  readonly binding: Binding;
  readonly index: number;
  readonly kind: PatternKind;
  readonly moves: boolean;
  /** The calls that use its results, and how they depend on them. */
  readonly users: { readonly node: Node; readonly kind: PatternKind }[];
  /** The calls that update one of its arguments in place, later or it itself, by their indices. */
  readonly updatedAt: readonly number[];
}

function nodesOf(g: Graph): readonly Node[] {
  const makers = new Map<Value, Node>();
  const updatedAt = new Map(g.bindings.flatMap((b, k) => updatesOf(b).map((u) => [u.before, k] as const)));
  return g.bindings.map((binding, index): Node => {
    const { call, results } = binding;
    const pattern = call.kind === "tir" ? patternOf(call.func) : undefined;
    const kind = !pattern || (results.length > 1 && !isUpTo(pattern.kind, "injective"))
      ? "opaque"
      : pattern.kind;
    const node: Node = {
      binding,
      index,
      kind,
      moves: pattern?.moves ?? false,
      users: [],
      updatedAt: call.args.flatMap((v) => updatedAt.get(v) ?? []),
    };
    call.args.forEach((v) => {
      const maker = makers.get(v);
      if (maker) maker.users.push({ node, kind: kindOfInput(call, v) });
    });
    results.forEach((v) => makers.set(v, node));
    return node;
  });
}

function kindOfInput(call: Binding["call"], v: Value): PatternKind {
  if (call.kind === "op") return "opaque";
  const { inputs } = patternOf(call.func);
  return Object.values(inputs)[call.args.indexOf(v)] ?? "opaque";
}

interface Dominator {
  /** The call that all paths go through. */
  readonly to: Node;
  /** The latest kind on the edges of the paths. */
  readonly kind: PatternKind;
}

/** The immediate post-dominator of each call: the first that every path from it goes through. */
function postDominators(nodes: readonly Node[]): ReadonlyMap<Node, Dominator> {
  const found = new Map<Node, Dominator>();
  const meet = (a: Dominator | undefined, b: Dominator): Dominator | undefined => {
    let x = a, y: Dominator | undefined = b;
    while (x && y && x.to !== y.to) {
      const [earlier, later]: readonly [Dominator, Dominator] = x.to.index < y.to.index ? [x, y] : [y, x];
      const next = found.get(earlier.to);
      const moved = next && { to: next.to, kind: laterKind(earlier.kind, next.kind) };
      x = moved;
      y = later;
    }
    return x && y && { to: x.to, kind: laterKind(x.kind, y.kind) };
  };
  for (const node of nodes.toReversed()) {
    const [first, ...others] = node.users;
    if (!first) continue;
    let dominator: Dominator | undefined = { to: first.node, kind: first.kind };
    for (const { node: to, kind } of others) dominator = meet(dominator, { to, kind });
    if (dominator) found.set(node, dominator);
  }
  return found;
}

/** The calls strictly between two on paths from the first to the second. */
function path(from: Node, to: Node): readonly Node[] {
  const between = new Set<Node>();
  const visit = (n: Node): void => {
    for (const { node } of n.users) {
      if (node === to || node.index > to.index || between.has(node)) continue;
      between.add(node);
      visit(node);
    }
  };
  visit(from);
  return [...between];
}

/** A partition of calls. */
class Groups {
  readonly #of = new Map<Node, readonly Node[]>();

  constructor(readonly nodes: readonly Node[]) {
    for (const n of nodes) this.#of.set(n, [n]);
  }

  of(n: Node): readonly Node[] {
    return this.#of.get(n) as readonly Node[];
  }

  /** The calls of the groups of some, in order. */
  together(some: readonly Node[]): readonly Node[] {
    const all = new Set(some.flatMap((n) => this.of(n)));
    return [...all].toSorted((a, b) => a.index - b.index);
  }

  join(all: readonly Node[]): void {
    for (const n of all) this.#of.set(n, all);
  }

  /** The latest kind in a call's group. */
  kindOf(n: Node): PatternKind {
    return this.of(n).map((x) => x.kind).reduce(laterKind);
  }

  /** Whether all of a call's group only move elements. */
  moves(n: Node): boolean {
    return this.of(n).every((x) => x.moves);
  }

  /** The groups, in the order of their last calls: what they use is computed before. */
  inOrder(): readonly Group[] {
    const groups = [...new Set(this.#of.values())];
    return groups.toSorted((a, b) => (a.at(-1) as Node).index - (b.at(-1) as Node).index)
      .map((group) => group.map((n) => n.binding));
  }
}

/** The call of a group's merged function, and the results that are needed outside. */
function callOf(
  g: Graph,
  group: Group,
): { readonly call: TirCall; readonly outputs: readonly Value[] } {
  const inside = new Set(group);
  const needed = new Set(Object.values(g.outputs));
  for (const b of g.bindings) if (!inside.has(b)) b.call.args.forEach((v) => needed.add(v));
  // What is updated in place is always a result, and comes first, as among the parameters.
  const updated = group.flatMap(updatesOf).map((u) => u.after);
  const others = group.flatMap((b) => b.results).filter((v) => needed.has(v) && !updated.includes(v));
  const outputs = [...updated, ...others];
  const call = group.length === 1 ? group[0]?.call as TirCall : mergeCalls(group, outputs);
  return { call, outputs };
}
