/**
 * GeneralReduction: any chain of reductions and elementwise blocks whose leading axes run along together, as
 * attention is one. Neighbours with the same leading axes become one kernel: a workgroup takes one place of
 * those axes and walks through the blocks; what they hand to each other stays in workgroup memory.
 */
import { equalExpr } from "../../ir/equal.ts";
import type { Expr, Var } from "../../ir/expr.ts";
import type { PrimFunc } from "../../ir/func.ts";
import { SUBGROUPS } from "../../ir/annotations.ts";
import { walkExpr } from "../../ir/visit.ts";
import type { Schedule } from "../../schedule/schedule.ts";
import type { Template } from "../../space/template.ts";
import type { Target } from "../../target/target.ts";
import { constExtent, consumerNodes, isEpilogue, mentions, type Node, nodesOf } from "../analysis.ts";
import { DIRECT_PATHS, PRESETS } from "../presets.ts";
import type { Rule } from "../rule.ts";
import { choosePath, tiledInputs, tooLarge, tooMany } from "../steps/operand_paths.ts";
import { chooseSubgroups } from "../steps/subgroups.ts";
import { unrollCopy } from "../steps/cooperative_copy.ts";

/** Blocks that become one kernel. */
interface Group {
  readonly nodes: readonly Node[];
  /** Leading spatial axes that all of them have. */
  readonly lead: number;
}

interface Match {
  readonly groups: readonly Group[];
  readonly inlined: readonly Node[];
  readonly nodes: readonly Node[];
}

export const generalReductionRule: Rule = {
  name: "GeneralReduction",
  match(func, target) {
    const found = match(func);
    if (typeof found === "string") return { because: found };
    const kernels = found.groups.map((g) => g.nodes.map((n) => n.block.name).join(", ")).join("; ");
    return {
      template: template(found, target),
      because:
        `its reductions run along the same leading axes, in ${found.groups.length} kernels: ${kernels}`,
    };
  },
};

function match(func: PrimFunc): Match | string {
  const nodes = nodesOf(func);
  if (!nodes) return "it is scheduled already, or a block is more than one store";
  if (nodes.filter((n) => n.kind === "reduction").length < 2) return "it has fewer than two reductions";
  const inlined = nodes.filter((n) =>
    n.kind === "injective" && !n.result && consumerNodes(n, nodes).length > 0 && !isWorthKeeping(n, nodes)
  );
  const kept = nodes.filter((n) => !inlined.includes(n));
  for (const n of nodes) {
    const spatial = n.block.iters.filter((it) => it.type === "spatial");
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
    else groups.push({ nodes: [n], lead: spatialAxes(n) });
  }
  const lone = groups.find((g) =>
    g.nodes[0]?.block.iters.slice(0, g.lead).every((it) => constExtent(it.extent) === 1)
  );
  if (lone) return `block ${lone.nodes[0]?.block.name} has no axis to spread over workgroups`;
  if (groups.every((g) => g.nodes.length === 1)) {
    return "no two of its blocks run along the same leading axes";
  }
  return { groups, inlined, nodes };
}

/** Whether what `n` computes by a function call would be computed again for each value of an axis it has not. */
function isWorthKeeping(n: Node, all: readonly Node[]): boolean {
  let calls = false;
  walkExpr(n.store.value, (e) => {
    if (e.kind === "call") calls = true;
  });
  return calls && consumerNodes(n, all).some((c) => {
    const reads = c.loads.filter((l) => l.buffer === n.store.buffer);
    return c.block.iters.some((it) =>
      it.type === "spatial" && reads.some((l) => !mentions(l.indices, it.var))
    );
  });
}

function spatialAxes(n: Node): number {
  return n.block.iters.filter((it) => it.type === "spatial").length;
}

/**
 * The leading axes that `n` shares with an open group, if it can be of its kernel: it must read what the group
 * makes at those axes alone, and they must not become fewer than a block of the group has.
 */
function joinedLead(group: Group, n: Node, all: readonly Node[]): number | undefined {
  const [first] = group.nodes;
  if (!first) return undefined;
  const most = Math.min(group.lead, spatialAxes(n));
  let lead = 0;
  while (lead < most && equalExpr(extentOf(first, lead), extentOf(n, lead))) lead++;
  const least = Math.min(...[...group.nodes, n].map(spatialAxes));
  const made = new Set(group.nodes.map((m) => m.store.buffer));
  // A block that stops short of the others' axes ends their kernel, unless it is the first of them all.
  if (lead < least || lead === 0 || (group.nodes.length > 1 && lead < group.lead)) return undefined;
  // What is inlined must be read at those axes too, if there is something of the group behind it.
  const reach = (m: Node, aligned: boolean, seen: ReadonlySet<Node>): boolean =>
    m.loads.every((l) => {
      const own = aligned && l.indices.slice(0, lead).every((e, d) => e === m.block.iters[d]?.var);
      if (made.has(l.buffer)) return own;
      const producer = all.find((p) => p.store.buffer === l.buffer && !seen.has(p));
      return !producer || producer.kind === "reduction" || reach(producer, own, new Set([...seen, producer]));
    });
  return reach(n, true, new Set([n])) ? lead : undefined;
}

function extentOf(n: Node, d: number): Expr {
  return n.block.iters[d]?.extent as Expr;
}

function template(m: Match, target: Target): Template {
  const preset = PRESETS[target.profile].generalReduction;
  return (sch, knobs) => {
    const threads = knobs.choice("threads", [8, 16, 32, 64, 128, 256], preset.threads);
    const results = knobs.choice("results", [1, 2, 4, 8], preset.results);
    const chunk = knobs.choice("chunk", [1, 4, 8, 16], preset.chunk);
    choosePath(sch, knobs, "input", wideInputs(sch, m.nodes), target, DIRECT_PATHS, preset.path);
    const places = knobs.choice("places", [1, 2, 4, 8], preset.places);
    const vectors = knobs.flag("vectorize", true);
    const shares = m.groups.some((g) =>
      g.nodes.some((n) => n.kind === "reduction" && spatialAxes(n) === g.lead)
    );
    const subgroups = shares && chooseSubgroups(knobs, target, { threads: preset.threads });
    knobs.require(["threads"], (threads: number) => tooMany(target, threads));
    const most = PRESETS[target.profile].products / 8;
    knobs.require(["results", "chunk", "places"], (results: number, chunk: number, places: number) => {
      const unrolled = results * chunk * places;
      return tooLarge(
        unrolled,
        most,
        `${results} x ${chunk} x ${places} elements unrolled`,
        "take too long to compile",
      );
    });
    for (const n of m.inlined) sch.computeInline(n.block.name);
    for (const g of m.groups) {
      scheduleGroup(sch, g, m.nodes, { threads, results, chunk, places, vectors, subgroups });
    }
  };
}

/** Inputs of two and more axes: those of fewer are read seldom. */
function wideInputs(sch: Schedule, nodes: readonly Node[]): readonly string[] {
  const inputs = nodes.flatMap((n) => n.loads.map((l) => l.buffer)).filter((b) =>
    sch.func.params.includes(b)
  );
  return [...new Set(inputs.filter((b) => b.shape.length >= 2).map((b) => b.name))];
}

interface Sizes {
  readonly threads: number;
  readonly results: number;
  readonly chunk: number;
  /** Places of the leading axes that a workgroup takes side by side. */
  readonly places: number;
  readonly vectors: boolean;
  /** Whether threads that share a reduction hand each other their parts in subgroups. */
  readonly subgroups: boolean;
}

function scheduleGroup(sch: Schedule, g: Group, all: readonly Node[], sizes: Sizes): void {
  // What writes a block's results, where it accumulates in registers: its own epilogue, or a copy.
  const backs = new Map<Node, string>(), epilogues = new Set<Node>();
  for (const n of g.nodes.filter((n) => n.kind === "reduction" && spatialAxes(n) > g.lead)) {
    const [only, ...more] = consumerNodes(n, all);
    const follows = only && more.length === 0 && !n.result && g.nodes.includes(only) &&
      isEpilogue(only, n, all);
    if (follows) epilogues.add(only);
    backs.set(n, follows ? only.block.name : sch.cacheWrite(n.block.name, "local"));
  }
  const names = g.nodes.flatMap((n) => {
    const back = backs.get(n);
    return back === undefined || g.nodes.some((m) => m.block.name === back)
      ? [n.block.name]
      : [n.block.name, back];
  });
  const inside = (block: string) => sch.consumers(block).every((c) => names.includes(c));
  // Copies have no loops for axes of extent 1; where blocks have them, they join their neighbours.
  const units =
    g.nodes[0]?.block.iters.slice(0, g.lead).filter((it) => constExtent(it.extent) === 1).length ?? 0;
  const depth = Math.max(1, g.lead - units);
  if (units > 0) { for (const n of g.nodes) joinUnits(sch, n.block.name, g.lead, depth); }
  for (let d = 0; d < depth && names.length > 1; d++) {
    sch.mergeLoops(...names.map((b) => sch.loops(b)[d] as string));
  }
  const merged = sch.loops(names[0] as string).slice(0, depth);
  const shared = sharedLoop(g);
  const [around, place] = shared === undefined || sizes.places === 1
    ? []
    : sch.split(merged[shared] as string, [null, sizes.places]);
  const lead = around === undefined ? merged : merged.with(shared as number, around);
  if (place !== undefined) sch.reorder(...lead, place);
  const grid = lead.length > 1 ? sch.fuse(...lead) : lead[0] as string;
  sch.bind(grid, "blockIdx.x");
  const inner = (block: string) => sch.loops(block).slice(place === undefined ? 1 : 2);
  for (const n of g.nodes) {
    if (epilogues.has(n)) continue;
    const name = n.block.name, back = backs.get(n), own = spatialAxes(n) - g.lead;
    const stays = !n.result && inside(back ?? name);
    if (own === 0) {
      if (stays) sch.setScope(name, "local");
      share(sch, inner(name), sizes);
      if (sizes.subgroups) sch.annotate(name, SUBGROUPS, true);
      continue;
    }
    const follows = [...epilogues].some((e) => e.block.name === back);
    if (follows) sch.setScope(name, "local");
    else if (stays && hasSize(n, g.lead)) sch.setScope(back ?? name, "shared");
    spread(sch, name, back, inner(name), own, sizes);
  }
  if (place !== undefined) sch.bind(place, "vthread");
}

/**
 * The loop, among those over leading axes that are longer than one, along which most of what the group reads is
 * the same, so that places side by side read it once: queries for keys and values, or heads that share theirs.
 */
function sharedLoop(g: Group): number | undefined {
  const made = new Set(g.nodes.map((n) => n.store.buffer));
  const spreads = g.nodes.filter((n) => n.kind === "reduction" && spatialAxes(n) > g.lead);
  const isSame = (e: Expr, v: Var) =>
    !mentions([e], v) || (e.kind === "binary" && e.op === "floordiv" && e.a === v);
  const longer = Array.from({ length: g.lead }, (_, d) => d).filter((d) =>
    constExtent(extentOf(g.nodes[0] as Node, d)) !== 1
  );
  const same = longer.map((d) =>
    spreads.flatMap((n) =>
      n.loads.filter((l) =>
        !made.has(l.buffer) && l.indices.every((e) => isSame(e, n.block.iters[d]?.var as Var))
      )
    ).length
  );
  const most = Math.max(...same);
  return most > 0 ? same.indexOf(most) : undefined;
}

/** Whether a workgroup's part of what `n` makes has a size that is known: workgroup memory needs one. */
function hasSize(n: Node, lead: number): boolean {
  return n.block.iters.slice(lead, spatialAxes(n)).every((it) => constExtent(it.extent) !== undefined);
}

/** Fuses loops of extent 1 among the first `lead` with a neighbour, until `depth` are left. */
function joinUnits(sch: Schedule, block: string, lead: number, depth: number): void {
  for (let left = lead; left > depth; left--) {
    const loops = sch.loops(block).slice(0, left);
    const unit = loops.findIndex((l) => constExtent(sch.loop(l).extent) === 1);
    const at = Math.min(unit, left - 2);
    sch.fuse(loops[at] as string, loops[at + 1] as string);
  }
}

/** A block with axes of its own: threads take its results, each of them reduces by itself. */
function spread(
  sch: Schedule,
  name: string,
  back: string | undefined,
  inner: readonly string[],
  spatial: number,
  sizes: Sizes,
): void {
  const own = inner.slice(0, spatial), reduce = inner.slice(spatial);
  const all = own.length > 1 ? sch.fuse(...own) : own[0] as string;
  const [s0, tx, s1] = sch.split(all, [null, sizes.threads, sizes.results]) as [string, string, string];
  const last = reduce.at(-1);
  const turns = last === undefined ? undefined : constExtent(sch.loop(last).extent);
  const [k0, k1] = last === undefined ? [] : sch.split(last, [null, turns === 1 ? 1 : sizes.chunk]);
  const outer = [...reduce.slice(0, -1), ...(k0 === undefined ? [] : [k0])];
  sch.reorder(s0, tx, ...outer, ...(k1 === undefined ? [] : [k1]), s1);
  sch.bind(tx, "threadIdx.x");
  if (back !== undefined) unrollCopy(sch, sch.reverseComputeAt(back, tx), sizes.vectors);
  const first = outer[0];
  if (k0 !== undefined) {
    for (const { buffer } of tiledInputs(sch, name)) {
      unrollCopy(sch, sch.computeAt(sch.cacheRead(name, buffer.name, "local"), k0), sizes.vectors);
    }
  }
  if (first !== undefined) {
    const init = sch.decomposeReduction(name, first);
    unrollCopy(sch, sch.loops(init).slice(sch.loops(init).indexOf(tx) + 1), sizes.vectors);
  }
  if (k1 !== undefined) sch.unroll(k1);
  unrollCopy(sch, [s1], sizes.vectors);
}

/** A block without axes of its own: threads share its reduction. */
function share(sch: Schedule, own: readonly string[], sizes: Sizes): void {
  const last = own.at(-1);
  if (last === undefined) return;
  const width = constExtent(sch.loop(last).extent);
  const chunk = width === undefined || width >= sizes.threads * sizes.chunk ? sizes.chunk : 1;
  const [c0, tx, c] = sch.split(last, [null, sizes.threads, chunk]) as [string, string, string];
  sch.reorder(tx, ...own.slice(0, -1), c0, c);
  sch.bind(tx, "threadIdx.x");
  sch.unroll(c);
}
