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
} from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import { bindingMap, flattenBlock, ifThen } from "../ir/flatten_block.ts";
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
  if (s.kind === "block") return flattenBlock(s);
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
  if (s.kind !== "block") return [];
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
  const { buffer: own } = onlyStore(b);
  const asks = (s: Stmt): boolean => {
    let found = false;
    walkStmt(s, () => {}, (e) => {
      if (e.kind === "load" && e.buffer === own) found = true;
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
  const values = bindingMap(b);
  const update = onlyStore(b);
  const target = update.buffer;
  const indices = update.indices.map((i) => substitute(i, values));
  const reducer = reducerOf(update);
  if (!reducer) {
    throw new LowerError(
      `cannot reduce ${b.name} across threads: its update is not x = x op y for +, *, max, min, and, or`,
    );
  }
  const combine = (x: Expr, y: Expr): Expr => binary(reducer.op, x, y);
  const identity = b.init ? onlyInit(b).value : reducer.identity;
  const threads = loops.filter((l) => isThreadIdx(l.loop));
  const lanes = threads.map((l) => constExtent(l, b.name)).reduce((p, q) => p * q, 1);
  const lane = threads.reduce<Expr>((e, l) => add(mul(e, l.extent), l.var), constant(0));
  const others = path.filter((s): s is For => s.kind === "for" && isThreadIdx(s.loop));
  const cluster = clusters(b, threads, path);

  const acc = buffer(`${target.name}_acc`, [1], target.dtype, "local");
  const red = buffer(
    `${target.name}_red`,
    [...others.map((l) => l.extent), constant(lanes / cluster)],
    target.dtype,
    "shared",
  );
  const slot = (k: Expr): Expr[] => [...others.map((l) => l.var), k];
  const partial = store(acc, [constant(0)], combine(load(acc, 0), substitute(reducer.value, values)));
  const tree: Stmt[] = [];
  if (cluster > 1) {
    tree.push(...reduceInSubgroups({ acc, red, slot, lane, lanes, cluster, combine, identity }));
  } else {
    tree.push(store(red, slot(lane), load(acc, 0)));
    for (let n = lanes; n > 1; n = (n + 1) >> 1) {
      const half = (n + 1) >> 1;
      const both = combine(load(red, ...slot(lane)), load(red, ...slot(add(lane, half))));
      tree.push(ifThen(lt(lane, n - half), store(red, slot(lane), both)));
    }
  }
  const total = cluster > 1 ? load(acc, 0) : load(red, ...slot(constant(0)));
  const result = store(target, indices, b.init ? total : combine(load(target, ...indices), total));
  const one = target.scope === "local" ? TRUE : and(...threads.map((l) => eq(l.var, 0)));
  const spatial = conjuncts(b.where).filter((g) => !usesVar(g, (v) => loops.some((l) => l.var === v)));
  tree.push(ifThen(and(...spatial, one), result));
  const byThreads = (s: Stmt) => threads.reduceRight<Stmt>((body, l) => ({ ...l, body }), s);
  return {
    block: b,
    before: store(acc, [constant(0)], identity),
    partial: ifThen(b.where, partial),
    after: byThreads(seq(...tree)),
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

function onlyStore(b: Block): Store {
  if (b.body.kind !== "store") {
    throw new LowerError(
      `cannot reduce ${b.name} across threads: its body is not a single update of one buffer`,
    );
  }
  return b.body;
}

function onlyInit(b: Block): Store {
  const found: Store[] = [];
  if (b.init) walkStmt(b.init, (x) => x.kind === "store" && found.push(x));
  const [init] = found;
  if (!init || found.length > 1) {
    throw new LowerError(`cannot reduce ${b.name} across threads: its init is not one store`);
  }
  return init;
}
