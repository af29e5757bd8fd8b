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

Deno.test("curve: a tile is reused while few elements of it are kept, a plain nest is not", () => {
  const plain = of(naive), tile = of(tiled({ threads: 1, i: 4, j: 4 }));
  const curve = (f: typeof plain, name: string) =>
    Array.from({ length: 20 }, (_, k) => f(`curve.${name}.${k}`));
  // With 32 elements of each operand at hand (sample 5), 4 of A and 4 of B serve 16 products, and 16 sums all of k.
  // A plain nest has its sum only, one access of three.
  assertLess(curve(plain, "count>reuse")[5] ?? NaN, 1.5);
  assertGreater(curve(tile, "count>reuse")[5] ?? NaN, 5);
  for (const f of [plain, tile]) {
    for (const name of ["count>reuse", "reuse>count"]) {
      const c = curve(f, name);
      assertEquals(c, c.toSorted((a, b) => a - b), name);
    }
    // What is kept near has to be filled the less often, the more it is.
    const c = curve(f, "count>topDown");
    assertEquals(c, c.toSorted((a, b) => b - a));
  }
  assertLess(curve(tile, "reuse>count")[2] ?? NaN, curve(plain, "reuse>count")[2] ?? NaN);
});

Deno.test("perStore: how far apart the uses of an element are", () => {
  const f = of(naive);
  // A[i, k] comes again after a row of k: 64 turns that touch 64 elements of A, 64 of B and one of C.
  assertAlmostEquals(f("perStore0.in0.reuse.turns"), 64);
  assertAlmostEquals(f("perStore0.in0.reuse.bytes"), 4 * (64 + 64 + 1));
  assertAlmostEquals(f("perStore0.in0.reuse.count"), 64);
  // B[k, j] after all of j and k; its column leaps over rows.
  assertAlmostEquals(f("perStore0.in1.reuse.turns"), 64 * 64);
  assertAlmostEquals(f("perStore0.in1.stride"), 64);
  assertAlmostEquals(f("perStore0.in0.uniqueBytes"), 4 * 64 * 64);
  assertAlmostEquals(f("perStore0.in0.lines"), 64 ** 3 / 16);
  assertAlmostEquals(f("perStore0.in1.lines"), 64 ** 3);
  assertAlmostEquals(f("perStore0.mul.total"), 64 ** 3);
  // Intensity grows from the statement (2 operations on 12 bytes) to the nest.
  assertAlmostEquals(f("perStore0.intensity0"), 2 / 12);
  assertAlmostEquals(f("perStore0.intensity9"), 2 * 64 ** 3 / (3 * 4 * 64 ** 2), 1e-6);
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
