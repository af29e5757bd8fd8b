import { assert, assertAlmostEquals, assertEquals, assertGreater, assertLess } from "@std/assert";
import { FAMILIES, type Family, featureNames, loopFeatures } from "../../lib/autotvm/features.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import type { Target } from "../../lib/target/target.ts";
import * as te from "../../lib/face/te.ts";

const every = Object.keys(FAMILIES) as readonly Family[];
const names = featureNames(every);
const llvmpipe = targetOf("llvmpipe");

/** The features by name, as they were before their logarithm was taken. */
function of(func: PrimFunc, target: Target = llvmpipe): (name: string) => number {
  const row = loopFeatures(func, target, every);
  return (name) => {
    const at = names.indexOf(name);
    assert(at >= 0, `no feature ${name}`);
    return 2 ** (row[at] ?? NaN) - 1;
  };
}

/** C = A·B of 64³, one loop for each of i, j and k. */
const naive = te.matmul({ m: 64, n: 64, k: 64 });

interface Tiling {
  /** Threads along j, and results along i and j of each. */
  readonly threads: number;
  readonly i: number;
  readonly j: number;
  readonly textures?: boolean;
}

/** The same in workgroups of one row of threads. */
function tiled({ threads, i, j, textures = false }: Tiling): PrimFunc {
  const sch = new Schedule(naive);
  const [li, lj, k] = sch.loops("C") as [string, string, string];
  const [i0, i1] = sch.split(li, [null, i]);
  const [j0, j1, j2] = sch.split(lj, [null, threads, j]);
  sch.reorder(i0, j0, j1, k, i1, j2);
  sch.bind(i0, "blockIdx.y");
  sch.bind(j0, "blockIdx.x");
  sch.bind(j1, "threadIdx.x");
  if (textures) { for (const name of ["A", "B"]) sch.setScope(name, "texture"); }
  return sch.func;
}

Deno.test("every program has the same columns, finite and with names of their own", () => {
  assertEquals(new Set(names).size, names.length);
  const programs = [naive, tiled({ threads: 8, i: 2, j: 4 }), te.softmax({ rows: 4, columns: 8 })];
  for (const func of programs) {
    for (const family of every) {
      const row = loopFeatures(func, llvmpipe, [family]);
      assertEquals(row.length, FAMILIES[family].names.length, family);
      assert(row.every((x) => Number.isFinite(x) && x >= 0), family);
    }
    const all = loopFeatures(func, llvmpipe, every);
    assertEquals([...all], every.flatMap((family) => [...loopFeatures(func, llvmpipe, [family])]));
  }
});

Deno.test("itervar: lengths, threads and what they touch", () => {
  const f = of(tiled({ threads: 8, i: 2, j: 4 }));
  assertAlmostEquals(f("workgroups"), 32 * 2);
  assertAlmostEquals(f("threads"), 8);
  assertAlmostEquals(f("store0.threadX.length"), 8);
  // A thread's turns of k, i and j load an element of A and one of B each.
  assertAlmostEquals(f("loads.global"), 2 * 64 * 2 * 4);
});

Deno.test("target: what a path costs depends on the device", () => {
  const buffers = tiled({ threads: 8, i: 4, j: 4 }),
    textures = tiled({ threads: 8, i: 4, j: 4, textures: true });
  const gain = (target: Target) => of(buffers, target)("target.ns") / of(textures, target)("target.ns");
  // The sums, which lie in a buffer here, are written as before.
  assertGreater(gain(llvmpipe), 1.5 * gain(targetOf("nvidia")));
  // Where the device was measured, its own rates count.
  const peaks = { gflops: 60, bufferGbps: 1, textureGbps: 100, copyGbps: 1, launchMs: 0.05 };
  assertGreater(
    gain({ ...llvmpipe, peaks }),
    gain({ ...llvmpipe, peaks: { ...peaks, textureGbps: 2 } }) * 1.5,
  );
});

Deno.test("target: lanes without a thread and a device that is not filled cost time", () => {
  const one = of(tiled({ threads: 1, i: 4, j: 4 })), eight = of(tiled({ threads: 8, i: 4, j: 4 }));
  assertAlmostEquals(one("target.lanes"), 1 / 8);
  assertAlmostEquals(eight("target.lanes"), 1);
  assertGreater(one("target.ns"), eight("target.ns"));
  // Sixteen workgroups keep a software adapter busy and leave nearly all of a large GPU idle.
  const gpu = of(tiled({ threads: 8, i: 4, j: 8 }), targetOf("nvidia"));
  assertGreater(eight("target.busy"), 0.9);
  assertLess(gpu("target.busy"), 0.05);
});

Deno.test("target: no schedule is below the roofline", () => {
  for (const threads of [1, 4, 8, 16]) {
    for (const textures of [false, true]) {
      const f = of(tiled({ threads, i: 4, j: 4, textures }));
      assertGreater(f("target.aboveRoofline"), 0.99);
    }
  }
});
