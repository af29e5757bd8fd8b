/** Fits a tile of a matrix product to its shape and to the device: small, skinny and ragged products fill it too. */
import { coresOf } from "../../estimate/machines.ts";
import type { Target } from "../../target/target.ts";
import type { MatmulPreset } from "../presets.ts";
import { fitTile } from "./tiling.ts";

type Tile = readonly [threads: number, results: number];

/** Extents of a product; undefined: symbolic. */
export interface Extents {
  readonly i: number | undefined;
  readonly j: number | undefined;
  readonly k: number | undefined;
  readonly batch: number | undefined;
}

/** A preset's tile as it suits a shape, and the workgroups that share a reduction. */
export interface FittedTile {
  readonly i: Tile;
  readonly j: Tile;
  readonly parts: number;
}

/** Numbers of workgroups that may share a reduction. */
export const SPLITS = [1, 2, 4, 8, 16] as const;

/** Threads of a tile along one axis, at most. */
export const MOST_THREADS = 64;
/** Multiply-adds of a core in a cycle. */
const LANES = 128;
/** Threads with which a core hides its delays. */
const BUSY = 256;
/** Multiply-adds in the time of an operand's element from workgroup memory, fitted to tiles of an RTX 3090 and 2080 Ti. */
const OPERAND = 1.5;
/** Multiply-adds of the device in the time of a byte from outside: half of the operations that the estimate counts. */
const BYTE = 7;
/** Cycles of a further launch. */
const LAUNCH = 8000;
/** What a symbolic axis counts as. */
const NOMINAL = 512;

/**
 * Chooses the threads and results along both axes, and the parts of a reduction, by what they take: rounds of workgroups
 * over the device's cores, and the sum of the parts. A preset's tile is the largest one, and what suits a large product.
 */
export function fitDevice(preset: MatmulPreset, extents: Extents, target: Target): FittedTile {
  const cores = coresOf(target);
  if (cores === undefined) {
    return { i: fitTile(preset.i, extents.i), j: fitTile(preset.j, extents.j), parts: 1 };
  }
  const known = [extents.i, extents.j, extents.k, extents.batch].every((x) => x !== undefined);
  const { i = NOMINAL, j = NOMINAL, k = NOMINAL, batch = 1 } = extents;
  let best: FittedTile = { i: preset.i, j: preset.j, parts: 1 }, least = Infinity;
  for (const parts of known ? SPLITS : [1]) {
    if (parts > 1 && parts * Math.max(2, preset.k) > k) continue;
    for (const tile of tilesOf(preset)) {
      const cycles = cyclesOf({ ...tile, parts }, { i, j, k, batch }, cores);
      if (cycles < least * (1 - 1e-9)) [best, least] = [{ ...tile, parts }, cycles];
    }
  }
  return best;
}

/** The tiles that a preset may shrink to, the largest first: results down to a vector, threads from one axis to the other. */
function tilesOf({ i: [ti, ii], j: [tj, jj] }: MatmulPreset): readonly Omit<FittedTile, "parts">[] {
  const halves = (n: number): readonly number[] => n / 2 >= 4 ? [n, ...halves(n / 2)] : [n];
  const shifts = [1, 2, 4, 8, 16].filter((s) => ti % s === 0 && tj * s <= MOST_THREADS);
  return shifts.flatMap((s) =>
    halves(ii).flatMap((ri) =>
      halves(jj).map((rj) => ({ i: [ti / s, ri] as const, j: [tj * s, rj] as const }))
    )
  );
}

function cyclesOf(
  { i: [ti, ii], j: [tj, jj], parts }: FittedTile,
  { i, j, k, batch }: { readonly [K in keyof Extents]: number },
  cores: number,
): number {
  const groups = batch * Math.ceil(i / (ti * ii)) * Math.ceil(j / (tj * jj)) * parts;
  const each = Math.ceil(groups / cores), threads = ti * tj;
  const computed = threads * (ii * jj + OPERAND * (ii + jj)) / LANES;
  const step = Math.max(computed, 4 * (ti * ii + tj * jj) * BYTE / LANES);
  const waits = Math.max(1, Math.sqrt(BUSY / (Math.min(each, 4) * threads)));
  const sums = parts > 1 ? LAUNCH + 8 * parts * batch * i * j * BYTE / (cores * LANES) : 0;
  return each * step * Math.ceil(k / parts) * waits + sums;
}
