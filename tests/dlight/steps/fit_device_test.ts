import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import fc from "fast-check";
import { PRESETS } from "../../../lib/dlight/presets.ts";
import { fitDevice } from "../../../lib/dlight/steps/fit_device.ts";
import { fitTile } from "../../../lib/dlight/steps/tiling.ts";
import { coresOf } from "../../../lib/estimate/machines.ts";
import { targetOf } from "../../../lib/target/profiles.ts";

const nvidia = targetOf("nvidia"), { matmul } = PRESETS.nvidia;
const fit = (i: number | undefined, j: number, k: number, batch = 1) =>
  fitDevice(matmul, { i, j, k, batch }, nvidia);

Deno.test("a large product takes the preset's tile, and a small one fewer results per thread", () => {
  const { i, j } = matmul;
  assertEquals(fit(4096, 4096, 4096), { i, j, parts: 1 });
  assertEquals(fit(256, 256, 256, 64), { i, j, parts: 1 });
  const { i: [, rows], j: [, columns] } = fit(256, 256, 256);
  assertEquals([rows, columns], [4, 4]);
});

Deno.test("a product of few results shares its reduction, where that outweighs a further launch", () => {
  assertGreaterOrEqual(fit(64, 64, 16384).parts, 8);
  assertEquals(fit(64, 64, 64).parts, 1);
  // How long a symbolic axis is shows at launch only.
  assertEquals(fit(undefined, 64, 16384).parts, 1);
});

Deno.test("threads of a skinny product move to its longer axis", () => {
  const { i: [threads, results] } = fit(16, 4096, 4096);
  assertEquals(threads * results, 16);
});

Deno.test("tiles keep their threads, are no larger than the preset's, and parts leave steps for each", () => {
  const extent = fc.integer({ min: 1, max: 5000 });
  fc.assert(fc.property(extent, extent, extent, fc.integer({ min: 1, max: 9 }), (m, n, k, batch) => {
    const { i: [ti, ii], j: [tj, jj], parts } = fit(m, n, k, batch);
    assertEquals(ti * tj, matmul.i[0] * matmul.j[0]);
    assert(ii >= 4 && jj >= 4 && ii <= matmul.i[1] && jj <= matmul.j[1]);
    assert(parts === 1 || parts * matmul.k <= k);
  }));
});

Deno.test("where threads are no GPU's, tiles depend on their own axis alone", () => {
  for (const profile of ["cpu", "llvmpipe"] as const) {
    const target = targetOf(profile), row = PRESETS[profile].matmul;
    assertEquals(coresOf(target), undefined);
    const { i, j, parts } = fitDevice(row, { i: 60, j: 1000, k: 64, batch: 1 }, target);
    assertEquals([i, j, parts], [fitTile(row.i, 60), fitTile(row.j, 1000), 1]);
  }
});
