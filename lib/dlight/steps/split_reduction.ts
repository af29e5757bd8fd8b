/**
 * Divides a reduction among workgroups if there are few results. Each takes a part of one tile's reduction (split-K), or a
 * range of the steps of all tiles (stream-K).
 */
import type { IterVar } from "../../ir/stmt.ts";
import type { Schedule } from "../../schedule/schedule.ts";
import type { Factors, Knobs } from "../../space/knobs.ts";
import type { Target } from "../../target/target.ts";
import { constExtent, type Node, sizeOf, spatialAxes } from "../analysis.ts";
import { type MatmulPreset, presetsOf } from "../presets.ts";
import { accumulateLocally, placeEpilogue } from "./epilogue.ts";
import { unrollCopy } from "./cooperative_copy.ts";

/** The block of a matrix product, and its axes. */
interface Product {
  readonly main: Node;
  readonly batch: readonly IterVar[];
  readonly i: IterVar;
  readonly j: IterVar;
  readonly k: IterVar;
}

/** What its tiles are made of. */
type Tile = Factors[3];

/**
 * Declares a knob for the number of workgroups that share all steps of a product, after the knobs of its tiles and
 * `split_k`; 0: each tile has a workgroup of its own. The knob is left out if no number of the target suits the preset.
 */
export function chooseWorkers(knobs: Knobs, target: Target, m: Product, preset: MatmulPreset): number {
  const [i, j, k] = [m.i, m.j, m.k].map((it) => constExtent(it.extent));
  const batch = sizeOf(m.batch);
  if (batch === undefined || i === undefined || j === undefined || k === undefined) return 0;
  const refuse = (workers: number, [, ti, ii]: Tile, [, tj, jj]: Tile, kk: number): string | undefined => {
    const tiles = batch * Math.ceil(i / (ti * ii)) * Math.ceil(j / (tj * jj));
    const steps = tiles * Math.ceil(k / kk);
    if (tiles >= 2 * workers) {
      return `${tiles} tiles for ${workers} workers: most of their ranges are whole tiles`;
    }
    if (tiles === workers) return `${tiles} tiles for ${workers} workers: each range is a whole tile`;
    if (steps < 2 * workers) return `${steps} steps for ${workers} workers: fewer than two for each`;
    return undefined;
  };
  const at = [[null, ...preset.i], [null, ...preset.j]] as const;
  const workers = presetsOf(target).workers.filter((n) => refuse(n, ...at, preset.k) === undefined);
  if (workers.length === 0) return 0;
  const chosen = knobs.choice("stream_k", [0, ...workers], 0);
  knobs.require(
    ["tile_i", "tile_j", "tile_k", "stream_k"],
    (tileI: Tile, tileJ: Tile, [, kk]: Factors[2], workers: number) =>
      workers === 0 ? undefined : refuse(workers, tileI, tileJ, kk),
  );
  knobs.require(
    ["split_k", "stream_k"],
    (parts: number, workers: number) =>
      workers > 0 && parts > 1
        ? "a reduction is cut into parts of tiles, or into ranges of all steps"
        : undefined,
  );
  return chosen;
}

/** The loops of a product, before its tiles are split from them. */
interface Steps {
  /** The block that computes products: the rule's own, or one that computes parts of it. */
  readonly product: string;
  /** Loops over workgroups: one iteration per workgroup. */
  readonly apart: readonly string[];
  /** The loop over the tiles of one workgroup; undefined for a single tile. */
  readonly slot: readonly string[];
  /** The loop of an axis. */
  readonly at: (it: IterVar) => string;
  /** The loop over a workgroup's part of the reduction; or two: over its steps, and inside of a step. */
  readonly steps: readonly [string] | readonly [string, string];
}

/** Tiles of one or `parts` workgroups each. */
export function splitReduction(sch: Schedule, main: string, m: Product, parts: number): Steps {
  const loops = sch.loops(main);
  const at = (it: IterVar) => loops[m.main.block.iters.indexOf(it)] as string;
  const [part, steps] = parts > 1 ? sch.split(at(m.k), [parts, null]) : [undefined, at(m.k)];
  const product = part === undefined ? main : sch.rfactor(part);
  const apart = [...m.batch.map(at), ...(part === undefined ? [] : [part])];
  return { product, apart, slot: [], at, steps: [steps as string] };
}

/** Divides the steps of all tiles into equal ranges, one per workgroup. */
export function streamReduction(
  sch: Schedule,
  main: string,
  m: Product,
  { tile, step, workers }: {
    readonly tile: readonly number[];
    readonly step: number;
    readonly workers: number;
  },
): Steps {
  const { iters } = m.main.block, spatial = spatialAxes(m.main.block);
  const product = sch.streamK(main, tile.filter((_, d) => iters[d]?.type === "spatial"), step, workers);
  const [worker, slot, ...rest] = sch.loops(product) as [string, string, ...string[]];
  const steps = rest.slice(-2) as [string, string];
  const at = (it: IterVar) => rest[spatial.indexOf(it)] as string;
  return { product, apart: [...m.batch.map(at), worker], slot: [slot], at, steps };
}

/** Schedules the kernel that adds the workgroups' partial sums and then computes the epilogue. */
export function sumPartials(sch: Schedule, main: string, vectors: boolean): void {
  const back = accumulateLocally(sch, main);
  const loops = sch.loops(main);
  const [part, column, row, ...batch] = loops.toReversed() as [string, string, string, ...string[]];
  // Threads and results divide the columns, so that nothing needs a guard.
  const columns = constExtent(sch.loop(column).extent) ?? 1;
  const results = columns % 4 === 0 ? 4 : 1;
  const threads = [64, 32, 16, 8, 4, 2, 1].find((t) => columns / results % t === 0) ?? 1;
  const [grid, thread, own] = sch.split(column, [null, threads, results]) as [string, string, string];
  sch.reorder(grid, thread, part, own);
  sch.bind(grid, "blockIdx.x");
  sch.bind(row, "blockIdx.y");
  const z = batch.length > 1 ? sch.fuse(...batch.toReversed()) : batch[0];
  if (z !== undefined) sch.bind(z, "blockIdx.z");
  sch.bind(thread, "threadIdx.x");
  placeEpilogue(sch, back, thread, vectors);
  const init = sch.decomposeReduction(main, part);
  unrollCopy(sch, sch.loops(init).slice(sch.loops(init).indexOf(thread) + 1), vectors);
  unrollCopy(sch, [own], vectors);
}
