/** Blocks of several statements become kernels like any others. */
import { assertEquals, assertThrows } from "@std/assert";
import { LowerError } from "../../lib/lower/error.ts";
import { lower } from "../../lib/lower/pipeline.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { devices } from "../devices.ts";
import { center, product, rowSum } from "../schedule/programs.ts";
import { subjectOf, wrongOn } from "./checked_run.ts";

for (const device of devices) {
  Deno.test(`blocks of several statements keep the results on ${device.target.name}`, async () => {
    const tile = new Schedule(product(9, 10, 7));
    const copy = tile.cacheWrite("C", "local");
    const [i0, i1] = tile.split("i", [null, 4]);
    const [j0, j1] = tile.split("j", [null, 4]);
    tile.reorder(i0, j0, i1, j1);
    tile.reverseComputeAt(copy, j0);
    tile.loopPartition(i1, [1]);
    tile.bind(i0, "blockIdx.x");
    tile.bind(j0, "threadIdx.x");
    tile.blockize("i_1_0");

    const rows = new Schedule(center(8, 6));
    rows.computeAt("T", "i_1");
    rows.setScope("T", "local");
    const [outer, inner] = rows.split("i_1", [null, 4]);
    rows.blockize(inner);
    rows.bind(outer, "threadIdx.x");

    const lanes = new Schedule(rowSum(8, 6));
    const [first, four] = lanes.split("i", [null, 4]);
    lanes.blockize("k");
    lanes.bind(first, "threadIdx.x");
    lanes.vectorize(four);

    for (
      const [func, sch] of [[product(9, 10, 7), tile], [center(8, 6), rows], [rowSum(8, 6), lanes]] as const
    ) {
      assertEquals(await wrongOn(device, subjectOf(func, {}, 1), sch.func), undefined, `${sch.func}`);
    }
  });
}

Deno.test("a block of several statements is not reduced across threads", () => {
  const sch = new Schedule(product(4, 6, 5));
  sch.reorder("k", "i", "j");
  sch.decomposeReduction("C", "k");
  sch.blockize("j");
  sch.reorder("i", "k");
  sch.bind("k", "threadIdx.x");
  sch.bind("i_init", "threadIdx.x");
  const [device] = devices;
  if (!device) return;
  assertThrows(() => lower(sch.func, device.target), LowerError, "cannot reduce C_o across threads");
});
