import { assert } from "@std/assert";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { lower } from "../../lib/lower/pipeline.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { matmulProgram as matmul } from "../../lib/op/matmul.ts";
import { countWork } from "../count_work.ts";

/** A matrix product whose tiles go through workgroup memory; 16 products a step, `steps` of them unrolled. */
function unrolled(steps: number, doubled: boolean): PrimFunc {
  const sch = new Schedule(matmul({ m: 1024, n: 1024, k: 1024 }));
  const [main] = sch.blocks() as [string];
  const [i, j, k] = sch.loops(main) as [string, string, string];
  const back = sch.cacheWrite(main, "local");
  const [i0, i1, i2] = sch.split(i, [null, 8, 4]);
  const [j0, j1, j2] = sch.split(j, [null, 8, 4]);
  const [k0, k1] = sch.split(k, [null, steps]);
  sch.reorder(i0, j0, i1, j1, k0, k1, i2, j2);
  for (
    const [l, tag] of [[i0, "blockIdx.y"], [j0, "blockIdx.x"], [i1, "threadIdx.y"], [
      j1,
      "threadIdx.x",
    ]] as const
  ) {
    sch.bind(l, tag);
  }
  sch.reverseComputeAt(back, j1);
  for (const buffer of ["A", "B"]) {
    const copy = sch.cacheRead(main, buffer, "shared");
    const fused = sch.fuse(...sch.computeAt(copy, k0));
    if (doubled) sch.doubleBuffer(copy);
    const [turns, ty, tx] = sch.split(fused, [null, 8, 8]);
    sch.bind(ty, "threadIdx.y");
    sch.bind(tx, "threadIdx.x");
    sch.unroll(turns);
  }
  sch.decomposeReduction(main, k0);
  for (const l of [k1, i2, j2]) sch.unroll(l);
  return sch.func;
}

for (const doubled of [false, true]) {
  const what = doubled ? ", and kept twice in workgroup memory" : "";
  Deno.test(`lowering takes work in proportion to what is unrolled${what}`, async () => {
    const known = targetOf("generic-webgpu");
    const target = { ...known, limits: { ...known.limits, maxSharedBytes: 2 ** 22 } };
    const work = (steps: number) => {
      const func = unrolled(steps, doubled);
      return countWork(() => lower(func, target));
    };
    const small = await work(64), large = await work(256);
    const shown = `${JSON.stringify(small)} for 64 steps, ${JSON.stringify(large)} for 256`;
    // Four times the statements: a pass that visits or simplifies each for each would do 16 times the work.
    for (const room of ["ir", "arith"]) {
      assert((large[room] ?? 0) < 5 * (small[room] ?? 0), `${room}: ${shown}`);
    }
    // Barriers compare pairs of places, a few blocks of code each: that may grow faster, but not take over.
    assert(large.all < 8 * small.all, shown);
  });
}
