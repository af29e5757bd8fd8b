/**
 * Adds up partial sums, one in `acc` of each thread; the total ends in `acc` of every thread. Clusters of a subgroup's
 * threads exchange them by shuffles. Different clusters exchange them through slots of workgroup memory.
 *
 *     acc = acc + shuffleXor(acc, 1)                   (and so on, doubling, to half a cluster)
 *     if lane % 8 == 0: red[lane / 8] = acc
 *     acc = red[lane % 4]                              (32 threads have 4 clusters of 8)
 *     acc = acc + shuffleXor(acc, 1)                   (and so on)
 *
 * Every thread passes every shuffle: guards are for values, and for memory.
 */
import {
  add,
  call,
  cast,
  constant,
  eq,
  floorDiv,
  floorMod,
  load,
  lt,
  min,
  select,
  store,
} from "../ir/build.ts";
import type { Buffer, Expr } from "../ir/expr.ts";
import { ifThen } from "../ir/flatten_block.ts";
import type { Stmt } from "../ir/stmt.ts";

/** The partial sums of a reduction that threads share. */
export interface PartialSums {
  /** A register of each thread: its partial sum at first, the total at last. */
  readonly acc: Buffer;
  /** Workgroup memory with one slot for each cluster. */
  readonly red: Buffer;
  /** Gives the indices of slot k. */
  readonly slot: (k: Expr) => readonly Expr[];
  /** The number of this thread among the `lanes` threads of the reduction, which are a multiple of `cluster`. */
  readonly lane: Expr;
  readonly lanes: number;
  /** Threads in a cluster, a power of two. */
  readonly cluster: number;
  readonly combine: (x: Expr, y: Expr) => Expr;
  readonly identity: Expr;
}

/** Makes the statements that reduce partial sums in subgroups. */
export function reduceInSubgroups(parts: PartialSums): readonly Stmt[] {
  const { acc, red, slot, lane, lanes, cluster, combine, identity } = parts;
  const own = load(acc, 0), keep = (value: Expr) => store(acc, [constant(0)], value);
  const butterfly = (width: number): readonly Stmt[] => {
    const steps = Array.from({ length: Math.log2(width) }, (_, k) => 2 ** k);
    return steps.map((mask) => keep(combine(own, shuffled(own, mask))));
  };
  const slots = lanes / cluster;
  if (slots === 1) return butterfly(cluster);
  const leave = ifThen(eq(floorMod(lane, cluster), 0), store(red, slot(floorDiv(lane, cluster)), own));
  // `width` threads read one slot each; further slots are read in further rounds.
  const width = Math.min(cluster, 2 ** Math.ceil(Math.log2(slots)));
  const taken = Array.from({ length: Math.ceil(slots / width) }, (_, round) => {
    const k = add(floorMod(lane, width), round * width);
    return slots >= (round + 1) * width
      ? load(red, ...slot(k))
      : select(lt(k, slots), load(red, ...slot(min(k, slots - 1))), identity);
  });
  // One statement per round keeps expressions flat.
  return [
    ...butterfly(cluster),
    leave,
    ...taken.map((part, round) => keep(round === 0 ? part : combine(own, part))),
    ...butterfly(width),
  ];
}

/** What `x` is for the thread whose place differs in `mask`. Threads exchange numbers, and no booleans. */
function shuffled(x: Expr, mask: number): Expr {
  const number = x.dtype === "bool" ? cast("u32", x) : x;
  return cast(x.dtype, call("subgroupShuffleXor", number, constant(mask, "u32")));
}
