/** Where the steps of a matrix product may be shared out among workers, and among how many. */
import { assertEquals } from "@std/assert";
import { match } from "../../../lib/dlight/schedule.ts";
import type { PrimFunc } from "../../../lib/ir/func.ts";
import { lower } from "../../../lib/lower/pipeline.ts";
import type { Config } from "../../../lib/space/knobs.ts";
import { instantiate, spaceOf } from "../../../lib/space/template.ts";
import { targetOf } from "../../../lib/target/profiles.ts";
import type { Profile } from "../../../lib/target/target.ts";
import * as te from "../../../lib/face/te.ts";

function spaceFor(func: PrimFunc, profile: Profile) {
  const { template } = match(func, targetOf(profile));
  return { template, space: spaceOf(func, template) };
}

function workersFor(func: PrimFunc, profile: Profile = "generic-webgpu"): readonly unknown[] {
  return spaceFor(func, profile).space.knobs.find((k) => k.name === "stream_k")?.candidates ?? [];
}

Deno.test("steps are shared out where tiles are few for a target that has many cores", () => {
  assertEquals(workersFor(te.matmul({ m: 96, n: 160, k: 4096 })), [0, 24, 48, 96, 192]);
  // 64 tiles of 128 steps; 24 workers would have more than two tiles each.
  assertEquals(workersFor(te.matmul({ m: 256, n: 256, k: 1024 })), [0, 48, 96, 192]);
  // One tile of 100 steps.
  assertEquals(workersFor(te.matmul({ m: 16, n: 32, k: 800 })), [0, 24, 48]);
  // As many tiles as workers, 24 of them, are whole without.
  assertEquals(workersFor(te.matmul({ m: 128, n: 96, k: 4096, batch: 2 })), [0, 48, 96, 192]);
  for (
    const func of [
      te.matmul({ m: 4096, n: 4096, k: 4096 }),
      te.matmul({ m: 16, n: 32, k: 64 }),
      te.matmul({ m: "m", n: 160, k: 4096 }),
      te.matmul({ m: 96, n: 160, k: "k" }),
    ]
  ) assertEquals(workersFor(func), [], `${func}`);
  for (const profile of ["llvmpipe", "cpu"] as const) {
    assertEquals(workersFor(te.matmul({ m: 96, n: 160, k: 4096 }), profile), []);
  }
});

Deno.test("a number of workers that does not fit the tiles is no point of the space, and why is said", () => {
  const func = te.matmul({ m: 96, n: 160, k: 400 });
  const { space } = spaceFor(func, "generic-webgpu");
  const tiles = {
    tile_i: [8, 4],
    tile_j: [8, 4],
    tile_k: [8],
    stream_k: 24,
    split_k: 1,
    pad: 0,
    k_major: false,
  };
  const refusal = (knobs: Config) =>
    space.refusal(space.indexOf({ ...space.at(space.preset), ...tiles, ...knobs }));
  assertEquals(refusal({}), undefined);
  assertEquals(
    refusal({ split_k: 2 }),
    "a reduction is cut into parts of tiles, or into ranges of all steps",
  );
  assertEquals(
    refusal({ tile_i: [8, 1] }),
    "60 tiles for 24 workers: most of their ranges are whole tiles",
  );
  assertEquals(
    refusal({ tile_i: [8, 1], tile_j: [16, 8] }),
    "24 tiles for 24 workers: each range is a whole tile",
  );
  assertEquals(
    refusal({ tile_k: [32], stream_k: 192 }),
    "195 steps for 192 workers: fewer than two for each",
  );
});

Deno.test("a worker's turns end with its range, whichever way operands come", () => {
  const func = te.matmul({ m: 96, n: 160, k: 1024 });
  const { template, space } = spaceFor(func, "generic-webgpu");
  for (const path of ["shared", "buffer", "texture"]) {
    const off = { split_k: 1, pad: 0, k_major: false };
    const config = { ...space.at(space.preset), ...off, stream_k: 48, a_path: path, b_path: path };
    const [parts] = lower(instantiate(func, template, space, config).func, targetOf("generic-webgpu"));
    const text = JSON.stringify(parts?.body);
    assertEquals(text.includes('"select"') || text.includes('"kind":"if"'), false, path);
  }
});
