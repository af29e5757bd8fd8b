/** Divides the steps of a reduction among workers (stream-K). */
import { isConst } from "../ir/build.ts";
import { gcd } from "../arith/gcd.ts";
import type { Block } from "../ir/stmt.ts";
import { ScheduleError } from "./error.ts";

/** Steps of a reduction, at most: numbers of steps stay well within i32. */
const MOST_STEPS = 2 ** 28;

/** The ranges of equal length into which the steps of all tiles are cut, tile after tile. */
export interface StepRanges {
  /** Tiles along each spatial axis. */
  readonly counts: readonly number[];
  /** Tiles in all. */
  readonly tiles: number;
  /** Steps of a tile. */
  readonly steps: number;
  /** Steps of a range; only the last one may have fewer. */
  readonly length: number;
  /** Workers that have a range. */
  readonly workers: number;
  /** Tiles that a range meets, at most. */
  readonly slots: number;
  /** Ranges that a tile meets, at most. */
  readonly parts: number;
}

/**
 * Cuts the steps of a reduction into ranges, one per worker.
 *
 * @throws {ScheduleError} where tile, step or workers do not fit the block
 */
export function stepRanges(
  b: Block,
  tile: readonly number[],
  step: number,
  workers: number,
  asked: string,
): StepRanges {
  const spatial = b.iters.filter((it) => it.type === "spatial");
  const reduce = b.iters.filter((it) => it.type === "reduce");
  const [k] = reduce;
  if (!k || reduce.length !== 1) {
    throw new ScheduleError(
      `${asked}: it reduces over ${reduce.length} axes; blocks that do over one work`,
      b,
    );
  }
  if (tile.length !== spatial.length) {
    throw new ScheduleError(
      `${asked}: a tile of ${tile.length} numbers; give one for each of its ${spatial.length} spatial axes`,
      b,
    );
  }
  const cuts = [...spatial.map((it, d) => [it, tile[d] as number] as const), [k, step] as const];
  const counts = cuts.map(([it, by]) => {
    const whole = isConst(it.extent) ? it.extent.value : NaN;
    if (!(Number.isInteger(by) && by >= 1 && whole % by === 0)) {
      const extent = Number.isNaN(whole) ? "not constant" : `${whole}`;
      throw new ScheduleError(
        `${asked}: axis ${it.var.name} is ${extent} long, not a multiple of ${by}; ` +
          (Number.isNaN(whole) ? "specialize the program first" : "choose a divisor, or padEinsum first"),
        b,
      );
    }
    return whole / by;
  });
  const steps = counts.pop() as number;
  const tiles = counts.reduce((p, q) => p * q, 1), all = tiles * steps;
  if (all > MOST_STEPS) {
    throw new ScheduleError(
      `${asked}: it has ${all} steps, and up to ${MOST_STEPS} work; take larger ones`,
      b,
    );
  }
  if (!(Number.isInteger(workers) && workers >= 1 && workers <= all)) {
    throw new ScheduleError(`${asked}: it has ${all} steps, so 1 to ${all} workers have something to do`, b);
  }
  const length = Math.ceil(all / workers), used = Math.ceil(all / length);
  // Ranges begin at multiples of this within a tile, and tiles within a range. The last offset meets the most.
  const grain = gcd(length, steps);
  const slots = Math.min(tiles, 1 + Math.floor((steps - grain + length - 1) / steps));
  const parts = Math.min(used, 1 + Math.floor((length - grain + steps - 1) / length));
  return { counts, tiles, steps, length, workers: used, slots, parts };
}
