/**
 * Reductions become plain statements. A block's `init` becomes a guarded store. A reduction whose reduce loop is bound
 * to threads becomes a partial sum in each thread, a tree in workgroup memory, and the total for the threads that
 * need it.
 *
 *     for tx in threadIdx.x:            acc = 0
 *       for k: block C += X        →    for k: acc += X
 *                                       red[tx] = acc
 *                                       if tx < 32: red[tx] += red[tx + 32]   (and so on, halving)
 *                                       C = red[0]                            (by one thread unless C is local)
 *
 * Where the block asks for subgroups and the target has them, threads of a subgroup first exchange their partial sums.
 * Workgroup memory then holds one partial sum for each cluster of threads.
 */
import {
  add,
  and,
  binary,
  buffer,
  conjuncts,
  constant,
  eq,
  isConst,
  load,
  lt,
  mul,
  seq,
  store,
  TRUE,
  variable,
} from "../ir/build.ts";
import type { Buffer, Expr } from "../ir/expr.ts";
import { ATOMIC } from "../ir/annotations.ts";
import { bindingMap, flattenBlock, ifThen } from "../ir/flatten_block.ts";
import { type Best, bestReducerOf, betterOf } from "../ir/best_reducer.ts";
import { reducerOf } from "../ir/reducer.ts";
import type { Block, For, If, Stmt, Store } from "../ir/stmt.ts";
import { mapStmt, usesVar, walkStmt } from "../ir/visit.ts";
import { substitute } from "../ir/substitute.ts";
import type { Target } from "../target/target.ts";
import { reduceInSubgroups } from "./reduce_in_subgroups.ts";
import { type ClusterSize, subgroupClusters } from "./subgroup_clusters.ts";
import { isThreadIdx, type KernelDraft } from "./kernel_draft.ts";
import { LowerError } from "./error.ts";

export function lowerReductions(draft: KernelDraft, target: Target): KernelDraft {
  const clusters = subgroupClusters(draft.body, target);
  return { ...draft, body: lowerIn(draft.body, [], clusters) };
}

function lowerIn(s: Stmt, path: readonly (For | If)[], clusters: ClusterSize): Stmt {
  if (s.kind === "block") return s.annotations[ATOMIC] === true ? updateOf(flattenBlock(s)) : flattenBlock(s);
  if (s.kind === "if") return mapStmt(s, (x) => lowerIn(x, [...path, s], clusters));
  if (s.kind !== "for") return mapStmt(s, (x) => lowerIn(x, path, clusters));
  const crossings = crossThreadBlocks(s, []);
  for (const c of crossings) checkAlone(c, s);
  const crossed = crossings.map((c) => crossThread(c, path, clusters));
  const partials = new Map(crossed.map((c): [Stmt, Stmt] => [c.block, c.partial]));
  const inside = partials.size > 0 ? replace(s, partials) : s;
  const body = mapStmt(inside, (x) => lowerIn(x, [...path, s], clusters));
  return seq(...crossed.map((c) => c.before), body, ...crossed.map((c) => c.after));
}

/** An atomic update whose place and value have names, so that no pass changes one of them together with the element. */
function updateOf(s: Stmt): Stmt {
  const x = mapStmt(s, updateOf), step = x.kind === "store" ? reducerOf(x) : undefined;
  if (x.kind !== "store" || !step) return x;
  const places = x.indices.map(() => variable("at", "i32")), value = variable("update", x.buffer.dtype);
  const now = store(x.buffer, places, binary(step.op, load(x.buffer, ...places), value));
  return [...places, value].reduceRight<Stmt>(
    (body, v, k) => ({ kind: "let", var: v, value: x.indices[k] ?? step.value, body }),
    now,
  );
}

function replace(s: Stmt, by: ReadonlyMap<Stmt, Stmt>): Stmt {
  return by.get(s) ?? mapStmt(s, (x) => replace(x, by));
}

interface Crossing {
  readonly block: Block;
  /** Its reduce loops, outermost first. */
  readonly loops: readonly For[];
}

/** The reduction blocks whose outermost reduce loop is the first of `inside`, and that reduce over threads too. */
function crossThreadBlocks(s: Stmt, inside: readonly For[]): readonly Crossing[] {
  if (s.kind === "for") return crossThreadBlocks(s.body, [...inside, s]);
  if (s.kind === "seq") return s.body.flatMap((x) => crossThreadBlocks(x, inside));
  if (s.kind !== "block" || s.annotations[ATOMIC] === true) return [];
  const uses = (l: For, type: "spatial" | "reduce") =>
    s.iters.some((it, k) => it.type === type && usesVar(s.bindings[k] as Expr, (v) => v === l.var));
  const loops = inside.filter((l) => uses(l, "reduce"));
  const shared = loops.some((l) => isThreadIdx(l.loop) && !isConst(l.extent, 1));
  if (loops[0] === undefined || loops[0] !== inside[0] || !shared) return [];
  const guards = (l: For) => usesVar(s.where, (v) => v === l.var);
  const stray = inside.find((l) => uses(l, "spatial") || (!loops.includes(l) && guards(l)));
  if (stray) {
    throw new LowerError(
      `cannot reduce ${s.name} across threads: its spatial loop ${stray.var.name} lies inside its reduce loop ` +
        `${loops[0].var.name}; reorder it outward, or rfactor the thread loop first`,
    );
  }
  return [{ block: s, loops }];
}

/** Checks that no block in the loop reads the result, which exists only after the loop. */
function checkAlone({ block: b }: Crossing, loop: For): void {
  const own = new Set(resultsOf(b).map((s) => s.buffer));
  const asks = (s: Stmt): boolean => {
    let found = false;
    walkStmt(s, () => {}, (e) => {
      if (e.kind === "load" && own.has(e.buffer)) found = true;
    });
    return found;
  };
  walkStmt(loop, (x) => {
    if (x.kind !== "block" || x === b || !asks(x.body)) return;
    throw new LowerError(
      `cannot reduce ${b.name} across threads: ${x.name} needs it inside its reduce loop ${loop.var.name}, before it ` +
        `is done; move ${x.name} out of that loop`,
    );
  });
}

/** What runs before the outermost reduce loop, in place of the block, and after the loop. */
function crossThread({ block: b, loops }: Crossing, path: readonly (For | If)[], clusters: ClusterSize): {
  readonly block: Block;
  readonly before: Stmt;
  readonly partial: Stmt;
  readonly after: Stmt;
} {
  const step = stepOf(b), [first] = step.results;
  const threads = loops.filter((l) => isThreadIdx(l.loop));
  const lanes = threads.map((l) => constExtent(l, b.name)).reduce((p, q) => p * q, 1);
  const lane = threads.reduce<Expr>((e, l) => add(mul(e, l.extent), l.var), constant(0));
  const others = path.filter((s): s is For => s.kind === "for" && isThreadIdx(s.loop));
  const cluster = step.results.length > 1 ? 1 : clusters(b, threads, path);

  const made = step.results.map(({ buffer: { name, dtype } }): PartialResult => ({
    acc: buffer(`${name}_acc`, [1], dtype, "local"),
    red: buffer(`${name}_red`, [...others.map((l) => l.extent), constant(lanes / cluster)], dtype, "shared"),
  }));
  const slot = (k: Expr): Expr[] => [...others.map((l) => l.var), k];
  const accs = made.map(({ acc }): Place => ({ buffer: acc, indices: [constant(0)] }));
  const redsAt = (k: Expr) => made.map(({ red }): Place => ({ buffer: red, indices: slot(k) }));
  const tree = cluster > 1 ? [] : treeOf(step, accs, redsAt, lane, lanes);
  if (cluster > 1) {
    const { acc, red } = made[0] as PartialResult, [identity] = step.identity as readonly [Expr];
    const combine = (x: Expr, y: Expr) => step.combine([x], [y])[0] as Expr;
    tree.push(...reduceInSubgroups({ acc, red, slot, lane, lanes, cluster, combine, identity }));
  }
  const totals = loadAll(cluster > 1 ? accs : redsAt(constant(0)));
  const result = storeAll(step.results, b.init ? totals : step.combine(loadAll(step.results), totals));
  if (step.results.some((r) => (r.buffer.scope === "local") !== (first.buffer.scope === "local"))) {
    throw new LowerError(`cannot reduce ${b.name} across threads: only some of its results are in registers`);
  }
  const one = first.buffer.scope === "local" ? TRUE : and(...threads.map((l) => eq(l.var, 0)));
  const spatial = conjuncts(b.where).filter((g) => !usesVar(g, (v) => loops.some((l) => l.var === v)));
  tree.push(ifThen(and(...spatial, one), result));
  const byThreads = (s: Stmt) => threads.reduceRight<Stmt>((body, l) => ({ ...l, body }), s);
  return {
    block: b,
    before: storeAll(accs, step.identity),
    partial: ifThen(b.where, storeAll(accs, step.combine(loadAll(accs), step.values))),
    after: byThreads(seq(...tree)),
  };
}

type Place = Pick<Store, "buffer" | "indices">;

/** A thread's own result, and those of all threads that share it. */
interface PartialResult {
  readonly acc: Buffer;
  readonly red: Buffer;
}

function storeAll(places: readonly Place[], values: readonly Expr[]): Stmt {
  return seq(...places.map(({ buffer, indices }, k) => store(buffer, indices, values[k] as Expr)));
}

function loadAll(places: readonly Place[]): readonly Expr[] {
  return places.map(({ buffer, indices }) => load(buffer, ...indices));
}

/**
 * Combines what the threads have in workgroup memory, half of it with the other half in each step.
 *
 * @param accs each thread's own results
 * @param redsAt the results of a lane in workgroup memory
 */
function treeOf(
  step: Step,
  accs: readonly Place[],
  redsAt: (lane: Expr) => readonly Place[],
  lane: Expr,
  lanes: number,
): Stmt[] {
  const own = redsAt(lane), sums = loadAll(accs);
  const tree = [storeAll(own, sums)];
  for (let n = lanes; n > 1; n = (n + 1) >> 1) {
    const half = (n + 1) >> 1, shares = lt(lane, n - half), others = loadAll(redsAt(add(lane, half)));
    if (accs.length === 1) {
      tree.push(ifThen(shares, storeAll(own, step.combine(loadAll(own), others))));
      continue;
    }
    // Several results go by registers: else a barrier would stand between their stores, inside the branch.
    tree.push(ifThen(shares, storeAll(accs, step.combine(sums, others))));
    tree.push(ifThen(shares, storeAll(own, sums)));
  }
  return tree;
}

/** A step of a reduction: what it writes, and how it combines values with that. */
interface Step {
  readonly results: readonly [Place, ...Place[]];
  readonly values: readonly Expr[];
  readonly identity: readonly Expr[];
  /** Combines two lists of values. A value may be stored before those that follow are computed. */
  readonly combine: (a: readonly Expr[], b: readonly Expr[]) => readonly Expr[];
}

function stepOf(b: Block): Step {
  const by = bindingMap(b), best = bestReducerOf(b), stores = resultsOf(b);
  const results = stores.map(({ buffer, indices }) => ({
    buffer,
    indices: indices.map((i) => substitute(i, by)),
  })) as unknown as Step["results"];
  if (best) {
    return {
      results,
      values: best.step.map((e) => substitute(e, by)),
      identity: initOf(b, stores),
      combine: (x, y) => betterOf(best, x as unknown as Best, y as unknown as Best),
    };
  }
  const [update] = stores, reducer = reducerOf(update);
  if (!reducer) {
    throw new LowerError(
      `cannot reduce ${b.name} across threads: its update is not x = x op y for +, *, max, min, and, or`,
    );
  }
  return {
    results,
    values: [substitute(reducer.value, by)],
    identity: b.init ? initOf(b, stores) : [reducer.identity],
    combine: ([x], [y]) => [binary(reducer.op, x as Expr, y as Expr)],
  };
}

function constExtent(l: For, name: string): number {
  if (l.extent.kind !== "const") {
    throw new LowerError(
      `cannot reduce ${name} across threads: the extent of ${l.var.name} is not constant; split it`,
    );
  }
  return l.extent.value;
}

/** The stores of a block that reduces: one, or those of the position of a best value and of that value. */
function resultsOf(b: Block): readonly [Store, ...Store[]] {
  if (b.body.kind === "store") return [b.body];
  const best = bestReducerOf(b);
  if (best) return [...best.stores];
  throw new LowerError(
    `cannot reduce ${b.name} across threads: its body is neither a single update of one buffer nor an argmax or argmin`,
  );
}

/** The values at which a block's results start. */
function initOf(b: Block, stores: readonly Store[]): readonly Expr[] {
  const found: Store[] = [];
  if (b.init) walkStmt(b.init, (x) => x.kind === "store" && found.push(x));
  const values = stores.map(({ buffer }) => found.find((s) => s.buffer === buffer)?.value);
  if (found.length !== stores.length || values.includes(undefined)) {
    throw new LowerError(`cannot reduce ${b.name} across threads: its init is not one store to each result`);
  }
  return values as readonly Expr[];
}
