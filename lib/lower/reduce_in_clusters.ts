/**
 * Parts of a reduction, one a thread in `acc`, become their total, in `acc` of every thread: within clusters of
 * neighbours by shuffles, and from cluster to cluster through a slot of workgroup memory each.
 *
 *     acc = acc + shuffleXor(acc, 1)                   (and so on, doubling, to half a cluster)
 *     if lane % 8 == 0: red[lane / 8] = acc
 *     acc = red[lane % 4]                              (32 threads have 4 clusters of 8)
 *     acc = acc + shuffleXor(acc, 1)                   (and so on)
 *
 * Every thread passes every shuffle: guards are for values, and for memory.
 */
import { add, call, constant, eq, floorDiv, floorMod, load, lt, min, select, store } from "../ir/build.ts";
import type { Buffer, Expr } from "../ir/expr.ts";
import { ifThen } from "../ir/flatten_block.ts";
import type { Stmt } from "../ir/stmt.ts";

export interface Parts {
  /** A register of each thread: its part at first, the total at last. */
  readonly acc: Buffer;
  /** Workgroup memory, with a slot a cluster. */
  readonly red: Buffer;
  /** Indices of slot k. */
  readonly slot: (k: Expr) => readonly Expr[];
  /** Which of the threads that share the reduction this one is, and how many they are: a multiple of a cluster. */
  readonly lane: Expr;
  readonly lanes: number;
  /** Threads in a cluster, a power of two. */
  readonly cluster: number;
  readonly combine: (x: Expr, y: Expr) => Expr;
  readonly identity: Expr;
}

export function reduceInClusters(parts: Parts): readonly Stmt[] {
  const { acc, red, slot, lane, lanes, cluster, combine, identity } = parts;
  const own = load(acc, 0), keep = (value: Expr) => store(acc, [constant(0)], value);
  const butterfly = (width: number): readonly Stmt[] => {
    const steps = Array.from({ length: Math.log2(width) }, (_, k) => 2 ** k);
    return steps.map((mask) => keep(combine(own, call("subgroupShuffleXor", own, constant(mask, "u32")))));
  };
  const slots = lanes / cluster;
  if (slots === 1) return butterfly(cluster);
  const leave = ifThen(eq(floorMod(lane, cluster), 0), store(red, slot(floorDiv(lane, cluster)), own));
  // So many neighbours take a slot each, and those that are left over in turns.
  const width = Math.min(cluster, 2 ** Math.ceil(Math.log2(slots)));
  const taken = Array.from({ length: Math.ceil(slots / width) }, (_, turn) => {
    const k = add(floorMod(lane, width), turn * width);
    return slots >= (turn + 1) * width
      ? load(red, ...slot(k))
      : select(lt(k, slots), load(red, ...slot(min(k, slots - 1))), identity);
  });
  // A statement each: one expression of them all would be as deep as there are turns.
  return [
    ...butterfly(cluster),
    leave,
    ...taken.map((part, turn) => keep(turn === 0 ? part : combine(own, part))),
    ...butterfly(width),
  ];
}
