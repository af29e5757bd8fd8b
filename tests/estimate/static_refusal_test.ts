import { assertEquals, assertMatch } from "@std/assert";
import * as te from "../../lib/face/te.ts";
import { match } from "../../lib/dlight/schedule.ts";
import { type RefusalKind, staticRefusal } from "../../lib/estimate/static_refusal.ts";
import type { Profile } from "../../lib/target/target.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { instantiate, spaceOf } from "../../lib/space/template.ts";

const func = te.matmul({ m: 1024, n: 1024, k: 1024 });

/** The refusal of a tile of a matrix product: threads and results of a thread, along rows and columns. */
function refusal(profile: Profile, tile_i: readonly number[], tile_j: readonly number[]) {
  const target = targetOf(profile), { template } = match(func, target), space = spaceOf(func, template);
  const config = { ...space.at(space.preset), tile_i, tile_j, tile_k: [8] };
  return staticRefusal(instantiate(func, template, space, config).func, target);
}

/** What real compilers say of these points: docs/search.md has where that comes from. */
const CASES: readonly (readonly [Profile, readonly number[], readonly number[], RefusalKind | undefined])[] =
  [
    // Intel's compiler spills 105 registers at 8 x 8 results a thread with 16 x 8 threads, and none at 8 x 4.
    ["nvidia", [16, 8], [16, 4], undefined],
    ["nvidia", [16, 8], [16, 8], undefined],
    ["nvidia", [8, 16], [8, 16], "spills"],
    ["nvidia", [4, 4], [4, 4], "idle"],
    ["amd", [16, 8], [16, 4], undefined],
    ["intel", [16, 8], [16, 4], undefined],
    ["intel", [4, 4], [4, 4], undefined],
    ["intel", [8, 16], [8, 8], "spills"],
    ["qualcomm-adreno", [4, 4], [8, 4], "idle"],
    ["arm-mali", [8, 8], [8, 8], "spills"],
    // What is not known refuses nothing.
    ["generic-webgpu", [1, 4], [1, 4], undefined],
    ["llvmpipe", [1, 8], [1, 8], undefined],
  ];
for (const [profile, rows, columns, kind] of CASES) {
  Deno.test(`${profile}, ${rows.join("x")} by ${columns.join("x")}: ${kind ?? "may be measured"}`, () => {
    const found = refusal(profile, rows, columns);
    assertEquals(found?.kind, kind);
    if (found) assertMatch(found.message, /^expected at (most|least) \d+ .*, got \d+/);
  });
}

Deno.test("a program with less work than a subgroup has threads is not idle", () => {
  const small = te.add({ shape: [4] }), target = targetOf("nvidia");
  const { template } = match(small, target), space = spaceOf(small, template);
  const scheduled = instantiate(small, template, space, space.at(space.preset)).func;
  assertEquals(staticRefusal(scheduled, target), undefined);
});

Deno.test("no preset of the rules is refused", () => {
  const funcs = [
    func,
    te.matmul({ m: 128, n: 1152, k: 896, transposeB: true }),
    te.gemv({ n: 4096, k: 4096 }),
    te.softmax({ rows: 112, columns: 1024 }),
    te.rmsNorm({ rows: 128, columns: 896 }),
  ];
  const profiles = ["nvidia", "amd", "intel", "apple", "qualcomm-adreno", "arm-mali"] as const;
  const refused = profiles.flatMap((profile) =>
    funcs.flatMap((f) => {
      const target = targetOf(profile), { template } = match(f, target), space = spaceOf(f, template);
      const found = staticRefusal(instantiate(f, template, space, space.at(space.preset)).func, target);
      return found ? [`${profile} ${f.name}: ${found.message}`] : [];
    })
  );
  assertEquals(refused, []);
});
