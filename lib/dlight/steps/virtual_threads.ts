/** Results of neighbouring threads interleaved: each thread has several pieces of a tile, a row of threads apart. */
import type { Schedule } from "../../schedule/schedule.ts";
import type { Knobs } from "../../space/knobs.ts";

/** Pieces of a thread's results along one axis. */
export const VIRTUAL = [1, 2, 4, 8, 16] as const;
type Pieces = typeof VIRTUAL[number];

/** Declares the knobs for the pieces along both axes; their presets fit tiles of `results` each. */
export function chooseVirtual(
  knobs: Knobs,
  [[, ii], [, jj]]: readonly [readonly [number, number], readonly [number, number]],
  [vi, vj]: readonly [number, number] = [1, 1],
): readonly [i: number, j: number] {
  const fitting = (results: number, wanted: number, least: number): Pieces =>
    VIRTUAL.findLast((v) => v <= wanted && (v === 1 || results % (v * least) === 0)) ?? 1;
  const i = knobs.choice("virtual_i", VIRTUAL, fitting(ii, vi, 1));
  return [i, knobs.choice("virtual_j", VIRTUAL, fitting(jj, vj, 4))];
}

/** Splits a loop into tiles, pieces of a thread, threads, and results of a piece; no loop for a single piece. */
export function splitVirtual(
  sch: Schedule,
  loop: string,
  pieces: number,
  [threads, results]: readonly [number, number],
): readonly [tile: string, pieces: readonly string[], threads: string, results: string] {
  if (pieces === 1) {
    const [tile, thread, own] = sch.split(loop, [null, threads, results]) as [string, string, string];
    return [tile, [], thread, own];
  }
  const [tile, piece, thread, own] = sch.split(loop, [null, pieces, threads, results / pieces]) as [
    string,
    string,
    string,
    string,
  ];
  return [tile, [piece], thread, own];
}
