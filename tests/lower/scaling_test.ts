import { assert } from "@std/assert";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { lower } from "../../lib/lower/pipeline.ts";
import { cpuTime } from "../../lib/runtime/platform.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { matmulProgram as matmul } from "../../lib/op/matmul.ts";

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
  Deno.test(`lowering takes time in proportion to what is unrolled${what}`, () => {
    const known = targetOf("generic-webgpu");
    const target = { ...known, limits: { ...known.limits, maxSharedBytes: 2 ** 22 } };
    const least = (steps: number) => {
      const func = unrolled(steps, doubled);
      return Math.min(...Array.from({ length: 3 }, () => {
        const begin = cpuTime();
        lower(func, target);
        return cpuTime() - begin;
      }));
    };
    const small = least(64), large = least(256);
    // Four times the statements: a pass that compares each with each would take 16 times as long.
    assert(large < 6 * small, `${small.toFixed(0)} ms for 64 steps, ${large.toFixed(0)} ms for 256`);
  });
}
