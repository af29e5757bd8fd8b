/**
 * MetaSchedule's per-store features, as far as `itervar_features.ts` has not the same: how far apart in time
 * the uses of an element are, bytes and cache lines, and how arithmetic intensity grows outward. MetaSchedule
 * adds up a prediction for each store; here the busiest stores have columns of their own.
 */
import { bytesOf } from "../ir/dtype.ts";
import { busiest, type FeatureInput, opsOf, touched } from "../estimate/accesses.ts";
import { type NestAccess, OPS, type Role, type StoreNest } from "../estimate/store_nests.ts";

/** Stores, and loads of each, with columns of their own. */
const LEAVES = 2;
const LOADS = 2;
/** Samples of the intensity curve (MetaSchedule's ten). */
const SAMPLES = 10;
/** Bytes of a cache line (MetaSchedule's assumption). */
const LINE = 64;

/** Loops that lie in the text of a thread have a length each; lanes and groups are counted by `itervar`. */
const IN_TEXT: readonly Role[] = ["serial", "unrolled", "vector"];

const ACCESS = [
  "bytes",
  "uniqueBytes",
  "lines",
  "uniqueLines",
  /** 1 where a loop repeats the access, and where another store uses the buffer too. */
  "reuse.loop",
  "reuse.stores",
  /** Turns, and bytes of all buffers, between two uses of an element; and how often the loop repeats it. */
  "reuse.turns",
  "reuse.bytes",
  "reuse.count",
  "stride",
  "bytesPerReuse",
] as const;

export const storeNames: readonly string[] = Array.from({ length: LEAVES }, (_, i) => [
  ...OPS.map((op) => `perStore${i}.${op}.total`),
  ...IN_TEXT.flatMap((r) => [`perStore${i}.${r}.innermost`, `perStore${i}.${r}.loops`]),
  ...Array.from({ length: SAMPLES }, (_, k) => `perStore${i}.intensity${k}`),
  ...["out", ...Array.from({ length: LOADS }, (_, k) => `in${k}`)].flatMap((a) =>
    ACCESS.map((name) => `perStore${i}.${a}.${name}`)
  ),
]).flat();

const WIDTH = storeNames.length / LEAVES;

export function storeFeatures({ leaves }: FeatureInput): readonly number[] {
  const busy = busiest(leaves, LEAVES);
  return Array.from({ length: LEAVES }, (_, i) => columns(busy[i], leaves)).flat();
}

function columns(leaf: StoreNest | undefined, leaves: readonly StoreNest[]): readonly number[] {
  if (!leaf) return Array<number>(WIDTH).fill(0);
  const bytes = bytesInside(leaf);
  const accesses = [leaf.store, ...Array.from({ length: LOADS }, (_, k) => leaf.loads[k])];
  return [
    ...OPS.map((op) => leaf.ops[op] * leaf.turns),
    ...IN_TEXT.flatMap((role) => {
      const loops = leaf.loops.filter((l) => l.role === role);
      return [loops.at(-1)?.extent ?? 0, loops.length];
    }),
    ...intensity(leaf, bytes),
    ...accesses.flatMap((a) => accessColumns(leaf, a, bytes, leaves)),
  ];
}

/** Bytes that all accesses touch in the loops from each one inwards; the last entry is of no loop. */
function bytesInside(leaf: StoreNest): readonly number[] {
  const inside: number[] = [];
  const out: number[] = [];
  for (let i = leaf.loops.length; i >= 0; i--) {
    if (i < leaf.loops.length) inside.push(i);
    out.unshift(
      [leaf.store, ...leaf.loads].reduce((s, a) => s + touched(a, leaf, inside) * bytesOf(a.buffer.dtype), 0),
    );
  }
  return out;
}

/** Operations for each byte, at equal steps from the innermost statement to the whole nest. */
function intensity(leaf: StoreNest, bytes: readonly number[]): readonly number[] {
  const levels = leaf.loops.length;
  const turns = Array<number>(levels + 1).fill(1);
  for (let i = levels - 1; i >= 0; i--) turns[i] = (turns[i + 1] ?? 1) * (leaf.loops[i]?.extent ?? 1);
  return Array.from({ length: SAMPLES }, (_, k) => {
    const level = levels - Math.round(k * levels / (SAMPLES - 1));
    return opsOf(leaf) * (turns[level] ?? 1) / Math.max(1, bytes[level] ?? 1);
  });
}

function accessColumns(
  leaf: StoreNest,
  access: NestAccess | undefined,
  bytes: readonly number[],
  leaves: readonly StoreNest[],
): readonly number[] {
  if (!access) return Array<number>(ACCESS.length).fill(0);
  const size = bytesOf(access.buffer.dtype);
  const all = [...leaf.loops.keys()];
  const unique = touched(access, leaf, all);
  const stride = Math.abs(access.strides.findLast((s) => s !== 0) ?? 0);
  // Where elements lie close, a line serves several of them.
  const perLine = Math.max(1, LINE / size / Math.max(1, stride));
  const repeating = all.findLast((i) => isRepeated(access, i) && (leaf.loops[i]?.extent ?? 1) > 1);
  const count = repeating === undefined ? 1 : leaf.loops[repeating]?.extent ?? 1;
  const between = repeating === undefined ? 0 : all.slice(repeating + 1)
    .reduce((n, i) => n * (leaf.loops[i]?.extent ?? 1), 1);
  const elsewhere = leaves.some((other) =>
    other !== leaf && [other.store, ...other.loads].some((a) => a.buffer === access.buffer)
  );
  const amounts: Readonly<Record<typeof ACCESS[number], number>> = {
    bytes: leaf.turns * size,
    uniqueBytes: unique * size,
    lines: leaf.turns / perLine,
    uniqueLines: unique / perLine,
    "reuse.loop": repeating === undefined ? 0 : 1,
    "reuse.stores": elsewhere ? 1 : 0,
    "reuse.turns": between,
    "reuse.bytes": repeating === undefined ? 0 : bytes[repeating + 1] ?? 0,
    "reuse.count": count,
    stride,
    bytesPerReuse: leaf.turns * size / count,
  };
  return ACCESS.map((name) => amounts[name]);
}

/** Whether the loop leaves the access where it is. */
function isRepeated(access: NestAccess, loop: number): boolean {
  return (access.spans[loop] ?? []).every((moved) => moved === 0);
}
