/** Schedules the blocks that become one kernel. */
import type { Expr, Var } from "../../../ir/expr.ts";
import { SUBGROUPS } from "../../../ir/annotations.ts";
import type { Schedule } from "../../../schedule/schedule.ts";
import { constExtent, consumerNodes, isEpilogue, mentions, type Node } from "../../analysis.ts";
import { tiledInputs } from "../../steps/operand_paths.ts";
import { unrollCopy } from "../../steps/cooperative_copy.ts";
import { axisLength, type Group, rankOf } from "./match.ts";

interface Sizes {
  readonly threads: number;
  readonly results: number;
  readonly chunk: number;
  /** Positions of the leading axes that a workgroup takes side by side. */
  readonly places: number;
  /** Whether neighbouring threads take neighbouring positions of a leading axis. */
  readonly rows: boolean;
  readonly vectors: boolean;
  /** Whether threads that share a reduction exchange partial sums in subgroups. */
  readonly subgroups: boolean;
}

export function scheduleGroup(sch: Schedule, g: Group, all: readonly Node[], sizes: Sizes): void {
  const [only, ...more] = g.nodes;
  if (only?.kind === "injective" && more.length === 0) return spreadElements(sch, only.block.name, sizes);
  // The block that writes the results of one that accumulates in registers: its epilogue, or a copy.
  const backs = new Map<Node, string>(), epilogues = new Set<Node>();
  for (const n of g.nodes.filter((n) => n.kind === "reduction" && (sizes.rows || rankOf(n) > g.lead))) {
    const [only, ...more] = consumerNodes(n, all);
    const follows = rankOf(n) > g.lead && only && more.length === 0 && !n.result &&
      g.nodes.includes(only) && isEpilogue(only, n, all);
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
  const shared = sharedLoop(g);
  if (sizes.rows) { for (const b of names) splitRows(sch, b, shared ?? 0, depth, sizes); }
  for (let d = 0; d < depth && names.length > 1; d++) {
    sch.mergeLoops(...names.map((b) => sch.loops(b)[d] as string));
  }
  const merged = sch.loops(names[0] as string).slice(0, depth);
  const [around, place] = shared === undefined || sizes.rows || sizes.places === 1
    ? []
    : sch.split(merged[shared] as string, [null, sizes.places]);
  const lead = around === undefined ? merged : merged.with(shared as number, around);
  if (place !== undefined) sch.reorder(...lead, place);
  const grid = lead.length > 1 ? sch.fuse(...lead) : lead[0] as string;
  sch.bind(grid, "blockIdx.x");
  const inner = (block: string) => sch.loops(block).slice(place === undefined ? 1 : 2);
  for (const n of g.nodes) {
    if (epilogues.has(n)) continue;
    const name = n.block.name, back = backs.get(n), own = rankOf(n) - g.lead;
    const stays = !n.result && inside(back ?? name);
    if (own === 0) {
      if (stays) sch.setScope(back ?? name, back === undefined ? "local" : "shared");
      if (back === undefined) share(sch, name, inner(name), sizes);
      else reduceRow(sch, back, inner(name), sizes);
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
 * Finds the loop over a leading axis, longer than one, along which most inputs of the group are constant. Positions side
 * by side then read them once: queries that share keys and values, or heads that share theirs.
 */
function sharedLoop(g: Group): number | undefined {
  const made = new Set(g.nodes.map((n) => n.store.buffer));
  const spreads = g.nodes.filter((n) => n.kind === "reduction" && rankOf(n) > g.lead);
  const isSame = (e: Expr, v: Var) =>
    !mentions([e], v) || (e.kind === "binary" && e.op === "floordiv" && e.a === v);
  const longer = Array.from({ length: g.lead }, (_, d) => d).filter((d) =>
    constExtent(axisLength(g.nodes[0] as Node, d)) !== 1
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

/** Tells whether a workgroup's part of the results of `n` has a constant size, which workgroup memory needs. */
function hasSize(n: Node, lead: number): boolean {
  return n.block.iters.slice(lead, rankOf(n)).every((it) => constExtent(it.extent) !== undefined);
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

/** Spreads the elements of a block that no other shares its kernel with. */
function spreadElements(sch: Schedule, name: string, { threads, results, vectors }: Sizes): void {
  const loops = sch.loops(name), all = loops.length > 1 ? sch.fuse(...loops) : loops[0] as string;
  const [grid, tx, element] = sch.split(all, [null, threads, results]) as [string, string, string];
  sch.bind(grid, "blockIdx.x");
  sch.bind(tx, "threadIdx.x");
  unrollCopy(sch, [element], vectors);
}

/** Splits the leading loop `shared` of a block by threads, inside of all `depth` leading loops. */
function splitRows(sch: Schedule, block: string, shared: number, depth: number, { threads }: Sizes): void {
  const lead = sch.loops(block).slice(0, depth);
  const [around, row] = sch.split(lead[shared] as string, [null, threads]) as [string, string];
  sch.reorder(...lead.with(shared, around), row);
}

/**
 * A block with axes of its own: threads take its results, or those of a row each. Each of them reduces by itself.
 */
function spread(
  sch: Schedule,
  name: string,
  back: string | undefined,
  inner: readonly string[],
  spatial: number,
  sizes: Sizes,
): void {
  const row = sizes.rows ? inner[0] : undefined, rest = row === undefined ? inner : inner.slice(1);
  const own = rest.slice(0, spatial), reduce = rest.slice(spatial);
  const all = own.length > 1 ? sch.fuse(...own) : own[0] as string;
  const width = constExtent(sch.loop(all).extent);
  const results = Math.min(sizes.results, most(width, sizes.rows ? 1 : sizes.threads));
  const parts = sch.split(all, row === undefined ? [null, sizes.threads, results] : [null, results]);
  const [s0, tx, s1] = (row === undefined ? parts : parts.toSpliced(1, 0, row)) as [string, string, string];
  const last = reduce.at(-1);
  const iterations = last === undefined ? undefined : constExtent(sch.loop(last).extent);
  const [k0, k1] = last === undefined ? [] : sch.split(last, [null, iterations === 1 ? 1 : sizes.chunk]);
  const outer = [...reduce.slice(0, -1), ...(k0 === undefined ? [] : [k0])];
  sch.reorder(s0, tx, ...outer, ...(k1 === undefined ? [] : [k1]), s1);
  sch.bind(tx, "threadIdx.x");
  if (back !== undefined) unrollCopy(sch, sch.reverseComputeAt(back, tx), sizes.vectors);
  const first = outer[0];
  if (k0 !== undefined) {
    const reduced = sch.block(name).iters.filter((it) => it.type === "reduce");
    for (const { buffer, indices } of tiledInputs(sch, name)) {
      // What doesn't change along the reduction is read once.
      const loop = reduced.some((it) => mentions(indices, it.var)) ? k0 : tx;
      unrollCopy(sch, sch.computeAt(sch.cacheRead(name, buffer.name, "local"), loop), sizes.vectors);
    }
  }
  if (first !== undefined) {
    const init = sch.decomposeReduction(name, first);
    unrollCopy(sch, sch.loops(init).slice(sch.loops(init).indexOf(tx) + 1), sizes.vectors);
  }
  if (k1 !== undefined) sch.unroll(k1);
  unrollCopy(sch, [s1], sizes.vectors);
}

/** The results of a thread that leave none of the threads idle, as a power of two. */
function most(extent: number | undefined, threads: number): number {
  return extent === undefined ? Infinity : 2 ** Math.ceil(Math.log2(Math.max(1, extent / threads)));
}

/** A block without axes of its own: a thread reduces a row. */
function reduceRow(sch: Schedule, back: string, [row, ...own]: readonly string[], sizes: Sizes): void {
  if (row === undefined) return;
  sch.bind(row, "threadIdx.x");
  sch.reverseComputeAt(back, row);
  const last = own.at(-1);
  if (last === undefined) return;
  const chunk = Math.min(sizes.chunk, constExtent(sch.loop(last).extent) ?? 1);
  sch.unroll(sch.split(last, [null, chunk])[1] as string);
}

/** A block without axes of its own: threads share its reduction. */
function share(sch: Schedule, name: string, own: readonly string[], sizes: Sizes): void {
  if (sizes.subgroups) sch.annotate(name, SUBGROUPS, true);
  const last = own.at(-1);
  if (last === undefined) return;
  const width = constExtent(sch.loop(last).extent);
  const chunk = width === undefined || width >= sizes.threads * sizes.chunk ? sizes.chunk : 1;
  const [c0, tx, c] = sch.split(last, [null, sizes.threads, chunk]) as [string, string, string];
  sch.reorder(tx, ...own.slice(0, -1), c0, c);
  sch.bind(tx, "threadIdx.x");
  sch.unroll(c);
}
