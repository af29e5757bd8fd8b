/**
 * Measures the spaces that searches are simulated on, whole, on this device:
 *
 *     deno run -A tests/bench/record_spaces.ts [names…]
 *
 * They go to notebooks/data/space_NAME_PROFILE.arrows; what was broken off goes on.
 */
import { fileURLToPath } from "node:url";
import { recordSpace } from "../../lib/tuning/record_space.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { Device } from "../../lib/runtime/device.ts";
import type { Narrowing } from "../../lib/space/narrow.ts";
import * as te from "../../lib/face/te.ts";

interface Recording {
  readonly func: PrimFunc;
  readonly narrowing?: Narrowing;
}

/** Every pair of threads and results. */
function product(threads: readonly number[], results: readonly number[]): readonly (readonly number[])[] {
  return threads.flatMap((t) => results.map((r) => [t, r]));
}

/** Small enough that compiling is what a trial takes, and that a space is measured in minutes. */
const SPACES: Readonly<Record<string, Recording>> = {
  softmax: { func: te.softmax({ rows: 64, columns: 1024 }) },
  matmul: {
    func: te.matmul({ m: 128, n: 128, k: 128 }),
    narrowing: {
      tile_i: [[1, 4], [1, 8], [1, 16], [4, 4], [8, 4], [8, 8], [16, 1], [16, 4]],
      tile_j: [[1, 8], [1, 16], [4, 4], [8, 4], [8, 8], [8, 16], [16, 4], [32, 4]],
      tile_k: [[1], [4], [16]],
      b_layout: ["given"],
      vectorize: [true],
      k_innermost: [true],
    },
  },
  gemv: {
    func: te.gemv({ n: 512, k: 512 }),
    narrowing: {
      tile_rows: product([1, 2, 4, 8, 16, 32, 64], [1, 2, 4, 8]),
      tile_k: product([1, 4, 8, 16, 32], [1, 4, 8, 16]),
      vector: ["texture"],
      vectorize: [true],
    },
  },
  attention: {
    func: te.attention({ queries: 1, length: 256, heads: 8, kvHeads: 4, headDim: 64 }),
    narrowing: { results: [1, 2, 4], chunk: [1, 4, 8], places: [1, 2, 4], vectorize: [true] },
  },
  conv2d: {
    func: te.conv2d({ height: 14, width: 14, channels: 32, filters: 32, kernel: 3, padding: 1 }),
    narrowing: {
      tile_channel: [[1], [4], [16]],
      strips: [1, 8],
      image: ["texture"],
      weights: ["texture"],
      vectorize: [true],
      channel_innermost: [true],
    },
  },
};

using device = await Device.open();
for (const name of Deno.args.length > 0 ? Deno.args : Object.keys(SPACES)) {
  const { func, narrowing = {} } = SPACES[name] as Recording;
  const path = new URL(`../../notebooks/data/space_${name}_${device.target.profile}.arrows`, import.meta.url);
  const begin = performance.now();
  const { points } = await recordSpace(func, device, {
    path: fileURLToPath(path),
    deadlineMs: 4000,
    narrowing,
    progress(done, of) {
      if (done % 100 === 0) console.log(`${name}: ${done} of ${of}`);
    },
  });
  console.log(`${name}: ${points.size} points in ${((performance.now() - begin) / 1000).toFixed(0)} s`);
}
Deno.exit(0);
