/** Passes over banks and lines, against enumeration of the threads. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { extraPasses, sharedPitches } from "../../lib/estimate/warp_access.ts";
import { registersOf } from "../../lib/estimate/registers.ts";
import { type StoreNest, storeNestsOf } from "../../lib/estimate/store_nests.ts";
import { add, buffer, forLoop, load, mul, store, variable } from "../../lib/ir/build.ts";
import type { Buffer, Scope } from "../../lib/ir/expr.ts";
import { PrimFunc } from "../../lib/ir/func.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import * as te from "../../lib/face/te.ts";

/** The store OUT[x] = M[step · x + apart · y], by threads x and y. */
function nestOf(scope: Scope, x: number, y: number, step: number, apart: number): StoreNest {
  const [tx, ty] = [variable("x"), variable("y")];
  const M: Buffer = { ...buffer("M", [100_000]), scope };
  const out = buffer("OUT", [1000]);
  const body = store(out, [tx], load(M, add(mul(tx, step), mul(ty, apart))));
  const nest = forLoop(ty, y, forLoop(tx, x, body, "threadIdx.x"), "threadIdx.y");
  const params = scope === "shared" ? [out] : [M, out];
  const func = new PrimFunc("f", params, [], scope === "shared" ? [M] : [], nest);
  return storeNestsOf(func)[0] as StoreNest;
}

function passes(leaf: StoreNest, width: number): number {
  const [access] = leaf.loads;
  return extraPasses(access as StoreNest["store"], leaf, width, undefined);
}

Deno.test("neighbours that share a bank wait for each other", () => {
  assertEquals(passes(nestOf("shared", 32, 1, 1, 0), 32), 0);
  assertEquals(passes(nestOf("shared", 32, 1, 2, 0), 32), 1);
  assertEquals(passes(nestOf("shared", 32, 1, 32, 0), 32), 31);
  assertEquals(passes(nestOf("shared", 32, 1, 33, 0), 32), 0);
  // All read one word.
  assertEquals(passes(nestOf("shared", 32, 1, 0, 0), 32), 0);
  // Two rows of sixteen, in the same banks.
  assertEquals(passes(nestOf("shared", 16, 2, 1, 32), 32), 1);
});

Deno.test("neighbours in different lines of a cache take a pass each", () => {
  assertEquals(passes(nestOf("global", 32, 1, 1, 0), 32), 0);
  assertEquals(passes(nestOf("global", 32, 1, 32, 0), 32), 31);
  assertEquals(passes(nestOf("global", 8, 4, 1, 4096), 32), 3);
});

Deno.test("the passes of any strides are what enumeration finds", () => {
  const number = (max: number) => fc.integer({ min: 0, max });
  const scope = fc.constantFrom<Scope>("shared", "global");
  const threads = fc.constantFrom(1, 2, 4, 8, 16, 32, 64);
  fc.assert(fc.property(scope, threads, threads, number(70), number(700), (scope, x, y, step, apart) => {
    const words = new Set<number>(), lines = new Set<number>(), banks = new Map<number, number>();
    for (let lane = 0; lane < Math.min(32, x * y); lane++) {
      const word = step * (lane % x) + apart * Math.floor(lane / x);
      if (!words.has(word)) banks.set(word % 32, (banks.get(word % 32) ?? 0) + 1);
      words.add(word);
      lines.add(Math.floor(word * 4 / 128));
    }
    const taken = scope === "shared" ? Math.max(...banks.values()) : lines.size;
    assertEquals(passes(nestOf(scope, x, y, step, apart), 32), taken - 1);
  }));
});

Deno.test("workgroup memory holds a tile, and padding moves its rows", () => {
  const pitchOf = (pad: number) => {
    const sch = new Schedule(te.matmul({ m: 64, n: 64, k: 64 }));
    const copy = sch.cacheRead("C", "A", "shared");
    const [i, , k] = sch.loops("C") as [string, string, string];
    const [i0, i1] = sch.split(i, [null, 8]), [k0, k1] = sch.split(k, [null, 16]);
    sch.reorder(i0, k0, i1, k1);
    sch.computeAt(copy, k0);
    if (pad > 0) sch.storageAlign(copy, 0, 8, pad);
    return [...sharedPitches(storeNestsOf(sch.func)).values()];
  };
  assertEquals(pitchOf(0), [[16, 1]]);
  assertEquals(pitchOf(4), [[20, 1]]);
});

Deno.test("registers hold results, and the operands of one step", () => {
  const sch = new Schedule(te.matmul({ m: 64, n: 64, k: 64 }));
  sch.cacheWrite("C", "local");
  const [i, j, k] = sch.loops("C") as [string, string, string];
  const [i0, i1] = sch.split(i, [null, 4]), [j0, j1] = sch.split(j, [null, 8]);
  sch.reorder(i0, j0, k, i1, j1);
  const a = sch.cacheRead("C", "A", "local");
  sch.computeAt(a, k);
  sch.reverseComputeAt("C_local", j0);
  assertEquals(registersOf(storeNestsOf(sch.func)), 4 * 8 + 4);
});
