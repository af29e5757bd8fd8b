/** The knobs of the generic space for a kept block. */
import type { Knobs } from "../../space/knobs.ts";
import type { Kept } from "./plan.ts";
import {
  axisExtent,
  type Beside,
  ceilPowerOfTwo,
  type Near,
  NEARS,
  product,
  requireOf,
  requireUse,
  type Tiling,
  UNROLLS,
} from "./constraints.ts";

export interface Numbers {
  readonly tiling: Tiling;
  /** Distance of the second tiled axis from the last axis. */
  readonly yAxis: number;
  /** Threads and results per thread, along the fused or the last axis. */
  readonly x: readonly [threads: number, results: number];
  /** Along the second axis. */
  readonly y: readonly [threads: number, results: number];
  /** Threads that share a reduction, and steps of it per iteration. */
  readonly k: readonly [lanes: number, chunk: number];
  readonly near: readonly Near[];
  /** True if each vector of results takes all these steps at once; false if the whole tile takes one step at a time. */
  readonly stepInnermost: boolean;
  readonly vectors: boolean;
  /** Unrolled iterations of a tile's loops, from the innermost outwards. */
  readonly unroll: number;
}

/** The presets of the rule: one result per thread. */
export function plainNumbers(threads: number): Numbers {
  return {
    tiling: "fused",
    yAxis: 1,
    x: [threads, 1],
    y: [1, 1],
    k: [1, 1],
    near: [],
    stepInnermost: false,
    vectors: false,
    unroll: 1,
  };
}

/** Threads along x. Results are powers of two up to a limit, and other divisors of the last axis. */
const THREADS = [1, 2, 4, 8, 16, 32, 64, 128, 256], MOST_RESULTS = 16;

function resultsOf(blocks: readonly Kept[], longest: number): readonly number[] {
  const last = blocks.map((b) => b.spatial.at(-1)).map((it) => it === undefined ? 1 : axisExtent(it));
  return Array.from({ length: MOST_RESULTS }, (_, d) => d + 1).filter((r) =>
    r <= longest && (Number.isInteger(Math.log2(r)) || last.some((extent) => extent % r === 0))
  );
}

/** Declares the numbers of some blocks that share them, under one prefix. */
export function declareNumbers(
  knobs: Knobs,
  prefix: string,
  blocks: readonly Kept[],
  beside: Beside,
): Numbers {
  const axes = Math.max(...blocks.map((b) => b.spatial.length));
  const reduces = blocks.some((b) => b.k !== undefined);
  const longest = (extents: (b: Kept) => readonly number[]) =>
    ceilPowerOfTwo(Math.max(1, ...blocks.flatMap(extents)));
  const steps = longest((b) => b.k ? [axisExtent(b.k)] : []);
  const most = Math.min(longest((b) => b.spatial.slice(0, -1).map(axisExtent)), 16);
  const name = (knob: string) => `${prefix}.${knob}`;
  const power2 = { policy: "power2", parts: 3 } as const;
  const tiling = knobs.choice<Tiling>(name("tiling"), axes > 1 ? ["fused", "axes"] : ["fused"], "fused");
  const yAxis = knobs.choice(name("y_axis"), [1, 2, 3].slice(0, Math.max(1, axes - 1)), 1);
  // Which axis a tile is of depends on other knobs, so that no extent bounds its factors here.
  const results = resultsOf(blocks, longest((b) => [product(b.spatial.map(axisExtent))]));
  const x = knobs.split(name("tile_x"), undefined, {
    parts: 3,
    preset: [beside.threads, 1],
    policy: "candidates",
    candidates: THREADS.flatMap((t) => results.map((r) => [t, r])),
  });
  const y = knobs.split(name("tile_y"), undefined, { ...power2, preset: [1, 1], max: most });
  const k = knobs.split(name("tile_k"), undefined, {
    ...power2,
    preset: [1, 1],
    max: [blocks.every((b) => b.shareable) ? Math.min(64, steps) : 1, Math.min(16, steps)],
  });
  const operands = Math.max(...blocks.map((b) => b.operands.length));
  const nears = Array.from({ length: operands }, (_, o) => name(`operand_${o}`));
  const near = nears.map((knob) => knobs.choice(knob, NEARS, "direct"));
  const stepInnermost = reduces && knobs.flag(name("k_innermost"), false);
  const vectors = knobs.flag(name("vectorize"), false);
  const unroll = knobs.choice(name("unroll"), UNROLLS, 1);
  requireUse(knobs, name, reduces);
  for (const b of blocks) requireOf(knobs, name, b, nears, beside);
  return {
    tiling,
    yAxis,
    x: [x[1], x[2]],
    y: [y[1], y[2]],
    k: [k[1], k[2]],
    near,
    stepInnermost,
    vectors,
    unroll,
  };
}
