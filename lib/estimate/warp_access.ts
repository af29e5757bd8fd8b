import { ALIGN, alignOf } from "../ir/annotations.ts";
import { bytesOf } from "../ir/dtype.ts";
import type { Buffer } from "../ir/expr.ts";
import { loopsInside, touchedIn } from "./accesses.ts";
import { isThread, type NestAccess, type NestLoop, type StoreNest } from "./store_nests.ts";

/** Bytes of one bank of workgroup memory, and of one line of a cache. */
const BANK = 4, LINE = 128;
/** Banks of workgroup memory. */
const BANKS = 32;

/** Elements from one index of a dimension to the next, for each dimension of a buffer. */
export type Pitches = ReadonlyMap<Buffer, readonly number[]>;

/**
 * Gives the pitches of buffers in workgroup memory, which hold only what a workgroup touches. `storageAlign` makes rows
 * longer, so that neighbours start in different banks.
 */
export function sharedPitches(leaves: readonly StoreNest[]): Pitches {
  const found = new Map<Buffer, readonly number[]>();
  for (const leaf of leaves) {
    const { buffer } = leaf.store;
    if (buffer.scope !== "shared") continue;
    const inside = loopsInside(leaf, leaves);
    const note = leaf.block?.annotations?.[ALIGN];
    const align = typeof note === "string" ? alignOf(note, buffer.shape.length) : undefined;
    const pitches: number[] = [];
    let pitch = 1;
    for (let d = buffer.shape.length - 1; d >= 0; d--) {
      if (align?.axis === d) pitch += (align.offset - pitch % align.factor + align.factor) % align.factor;
      pitches.unshift(pitch);
      pitch *= touchedIn(leaf.store, leaf, inside, d);
    }
    found.set(buffer, pitches);
  }
  return found;
}

/**
 * Counts the passes over memory that one access by `width` neighbouring threads takes beyond the least: a bank of
 * workgroup memory serves one word at a time, and a cache one line. Each access is at the first iteration of the loops
 * that are not over threads.
 */
export function extraPasses(
  access: NestAccess,
  leaf: StoreNest,
  width: number,
  pitches: readonly number[] | undefined,
): number {
  const { scope, dtype } = access.buffer;
  if (scope !== "shared" && scope !== "global") return 0;
  const step = (l: number) => stepOf(access, leaf, l, pitches);
  const across = [...leaf.loops.keys()];
  const threads = across.filter((l) => isThread(leaf.loops[l] as NestLoop))
    .toSorted((a, b) =>
      Number(leaf.loops[b]?.role === "threadX") - Number(leaf.loops[a]?.role === "threadX")
    );
  const vector = across.filter((l) => leaf.loops[l]?.role === "vector" && step(l) === 1);
  const lanes = offsets(threads.map((l) => [leaf.loops[l]?.extent ?? 1, step(l)] as const), width);
  const wide = offsets(vector.map((l) => [leaf.loops[l]?.extent ?? 1, 1] as const), 16);
  const bytes = bytesOf(dtype);
  const words = new Set(lanes.flatMap((lane) => wide.map((e) => Math.floor((lane + e) * bytes / BANK))));
  const passes = scope === "shared" ? fullestBank(words) : linesOf(words);
  return Math.max(0, passes - Math.max(1, words.size / BANKS));
}

function linesOf(words: ReadonlySet<number>): number {
  return new Set([...words].map((w) => Math.floor(w * BANK / LINE))).size;
}

function fullestBank(words: ReadonlySet<number>): number {
  const served = new Array<number>(BANKS).fill(0);
  for (const w of words) served[w % BANKS] = (served[w % BANKS] ?? 0) + 1;
  return Math.max(...served);
}

/** Elements by which a step of a loop moves an access. */
function stepOf(
  access: NestAccess,
  leaf: StoreNest,
  l: number,
  pitches: readonly number[] | undefined,
): number {
  if (!pitches) return Math.abs(access.strides[l] ?? 0);
  const steps = Math.max(1, (leaf.loops[l]?.extent ?? 1) - 1);
  return Math.round(
    (access.spans[l] ?? []).reduce((sum, span, d) => sum + span / steps * (pitches[d] ?? 0), 0),
  );
}

/** The places of the first `most` iterations of nested loops. The first loop runs fastest. */
function offsets(
  loops: readonly (readonly [extent: number, step: number])[],
  most: number,
): readonly number[] {
  const count = Math.min(most, loops.reduce((n, [extent]) => n * extent, 1));
  return Array.from({ length: count }, (_, at) => {
    let rest = at, place = 0;
    for (const [extent, step] of loops) {
      place += rest % extent * step;
      rest = Math.floor(rest / extent);
    }
    return place;
  });
}
