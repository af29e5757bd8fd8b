/** The measured GEMM spaces of real cards, as points of our own template. */
import { gunzipSync } from "node:zlib";
import { instantiate, spaceOf, type Template } from "../../../lib/space/template.ts";
import { RejectedConfig } from "../../../lib/space/knobs.ts";
import type { ConfigSpace } from "../../../lib/space/config_space.ts";
import type { MatmulPreset } from "../../../lib/dlight/presets.ts";
import { match } from "../../../lib/dlight/schedule.ts";
import * as te from "../../../lib/face/te.ts";
import type { PrimFunc } from "../../../lib/ir/func.ts";
import { targetOf } from "../../../lib/target/profiles.ts";
import type { Target } from "../../../lib/target/target.ts";

/** A card of NVIDIA, with 48 KiB of workgroup memory, as CUDA and OpenCL give it. */
export function nvidiaCard(): Target {
  const target = targetOf("nvidia");
  return { ...target, limits: { ...target.limits, maxSharedBytes: 48 * 1024 } };
}

/** A point of a card's space, and its measured time. */
export interface MeasuredPoint {
  /** The tiles and paths as CLBlast names them. */
  readonly name: string;
  readonly func: PrimFunc;
  readonly ms: number;
}

/**
 * Reads the space of SGEMM 4096³ on a card, at each tile the best of its other parameters. CLBlast is column-major: its
 * M is the contiguous dimension of C, our columns. Points that our template refuses are left out.
 */
export async function gemmPoints(folder: string, card: string): Promise<readonly MeasuredPoint[]> {
  const best = bestByTile(
    gunzipSync(await Deno.readFile(`${folder}/kernel_tuner/gemm_${card}.csv.gz`)).toString(),
  );
  const func = te.matmul({ m: 4096, n: 4096, k: 4096, transposeA: true }), target = nvidiaCard();
  const { template } = match(func, target);
  const space = spaceOf(func, template);
  return [...best].flatMap(([name, ms]) => {
    const scheduled = schedule(func, template, space, name.split(",").map(Number));
    return scheduled ? [{ name, func: scheduled, ms }] : [];
  });
}

/** What these kernels don't do. */
const OFF = { pad: 0, k_major: false, virtual_i: 1, virtual_j: 1, split_k: 1 };

/** The share of a space's best speed that a preset's tile has. */
export function shareOfTile(
  points: readonly MeasuredPoint[],
  { i: [ti, ii], j: [tj, jj], path, bPath = path }: MatmulPreset,
): number {
  const name = [tj * jj, ti * ii, tj, ti, Number(bPath === "shared"), Number(path === "shared")].join();
  const ms = points.find((p) => p.name === name)?.ms ?? Infinity;
  return Math.min(...points.map((p) => p.ms)) / ms;
}

function bestByTile(csv: string): ReadonlyMap<string, number> {
  const [head = "", ...rows] = csv.trim().split("\n");
  const columns = head.split(",");
  const keys = ["MWG", "NWG", "MDIMC", "NDIMC", "SA", "SB"].map((name) => columns.indexOf(name));
  const best = new Map<string, number>();
  for (const row of rows) {
    const cells = row.split(","), ms = Number(cells[columns.indexOf("ms")]);
    const name = keys.map((k) => cells[k]).join(",");
    if (ms > 0) best.set(name, Math.min(best.get(name) ?? Infinity, ms));
  }
  return best;
}

function schedule(
  func: PrimFunc,
  template: Template,
  space: ConfigSpace,
  tile: readonly number[],
): PrimFunc | undefined {
  const [mwg, nwg, mdimc, ndimc, sa, sb] = tile as [number, number, number, number, number, number];
  try {
    return instantiate(func, template, space, {
      ...space.at(space.preset),
      tile_i: [ndimc, nwg / ndimc],
      tile_j: [mdimc, mwg / mdimc],
      tile_k: [16],
      ...OFF,
      b_path: sa === 1 ? "shared" : "buffer",
      a_path: sb === 1 ? "shared" : "buffer",
    }).func;
  } catch (e) {
    if (e instanceof RejectedConfig) return undefined;
    throw e;
  }
}
