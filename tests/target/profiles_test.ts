/** What is known of devices without one at hand. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { DEFAULT_LIMITS, profileOf, PROFILES, targetOf } from "../../lib/target/profiles.ts";
import { targetDistance } from "../../lib/target/target_distance.ts";
import type { Limits, Profile, Target } from "../../lib/target/target.ts";
import { textureLayout } from "../../lib/target/texture.ts";
import { devices } from "../devices.ts";

const profiles = Object.keys(PROFILES) as readonly Profile[];

Deno.test("adapters are known by vendor, as a name or as a number, and llvmpipe by its own words", () => {
  const profile = (vendor: string, description = "") => profileOf({ vendor, description });
  assertEquals(profile("nvidia"), "nvidia");
  assertEquals(profile("4318"), "nvidia");
  assertEquals(profile("Apple"), "apple");
  assertEquals(profile("4098", "AMD Radeon"), "amd");
  assertEquals(profile("65541", "llvmpipe (LLVM 15.0.6, 256 bits)"), "llvmpipe");
  assertEquals(profile("mesa", "LLVMpipe"), "llvmpipe");
  for (const unknown of ["", "voodoo", "toString", "__proto__"]) {
    assertEquals(profile(unknown), "generic-webgpu");
  }
});

Deno.test("a profile's target is plain data within WebGPU's least limits, or the CPU's", () => {
  for (const profile of profiles) {
    const target = targetOf(profile);
    assertEquals(target.profile, profile);
    assertEquals(target.kind, profile === "cpu" ? "cpu" : "webgpu");
    assertEquals(JSON.parse(JSON.stringify(target)), target);
    const known = { ...DEFAULT_LIMITS, maxLoopIterations: PROFILES[profile].maxLoopIterations };
    if (profile !== "cpu" && profile !== "llvmpipe") assertEquals(target.limits, known);
  }
});

Deno.test("an open device is of a profile, and has at least the limits of it", () => {
  for (const { target } of devices) {
    const known = targetOf(target.profile).limits;
    for (const name of Object.keys(known) as (keyof Limits)[]) {
      const own = [target.limits[name]].flat() as number[], least = [known[name]].flat() as number[];
      assert(own.every((n, d) => n >= (least[d] as number)), `${name}: ${own} and not ${least}`);
    }
  }
});

Deno.test("devices of a kind are further apart where only one has subgroups, whatever their sizes", () => {
  const plain = targetOf("nvidia"),
    of = (name: string, minSize: number): Target => ({
      ...plain,
      name,
      subgroups: { minSize, maxSize: 64, directive: true },
    });
  assertEquals(targetDistance(of("a", 32), of("b", 16)), 1);
  assertEquals(targetDistance(of("a", 32), { ...plain, name: "b" }), 2);
  assertEquals(targetDistance({ ...plain, name: "a" }, of("b", 32)), 2);
});

const arbSide = fc.integer({ min: 1, max: 5000 });

/** Checks the layout of a matrix: rows side by side as far as they must, or cut, or none where nothing fits. */
function checkLayout(rows: number, columns: number, maxTextureSize: number): void {
  const texels = Math.ceil(columns / 4);
  const fits = (pack: number) => pack * texels <= maxTextureSize && Math.ceil(rows / pack) <= maxTextureSize;
  const powers = Array.from({ length: 14 }, (_, k) => 2 ** k);
  const pack = powers.find(fits), layout = textureLayout(rows, columns, { maxTextureSize });
  if (pack !== undefined) return assertEquals(layout, { kind: "rows", pack });
  if (!layout) {
    const width = 2 ** Math.floor(Math.log2(maxTextureSize));
    assert((rows > 1 && columns % 4 !== 0) || rows * texels > width * maxTextureSize);
  } else {
    assert(layout.kind === "flat" && layout.width <= maxTextureSize && (rows === 1 || columns % 4 === 0));
    assert(Number.isInteger(Math.log2(layout.width)) && rows * texels <= layout.width * maxTextureSize);
  }
}

Deno.test("rows lie side by side in a texture only as far as they must, and are cut only if they must", () => {
  fc.assert(fc.property(arbSide, arbSide, fc.integer({ min: 1, max: 300 }), checkLayout));
  // All small ones, among them those that just fit and just don't.
  for (let size = 1; size <= 6; size++) {
    for (let rows = 1; rows <= 40; rows++) {
      for (let columns = 1; columns <= 120; columns++) checkLayout(rows, columns, size);
    }
  }
});

Deno.test("rows of symbolic length have no layout but a single one, and a symbolic number of them one that fits", () => {
  fc.assert(
    fc.property(arbSide, fc.integer({ min: 1, max: 3000 }), (columns, maxTextureSize) => {
      assertEquals(textureLayout(columns + 1, undefined, { maxTextureSize }), undefined);
      assertEquals(textureLayout(1, undefined, { maxTextureSize })?.kind, "flat");
      const layout = textureLayout(undefined, columns, { maxTextureSize });
      const texels = Math.ceil(columns / 4);
      if (layout?.kind !== "rows") return assert(texels > maxTextureSize && (!layout || columns % 4 === 0));
      assert(layout.pack * texels <= maxTextureSize && Number.isInteger(Math.log2(layout.pack)));
    }),
  );
});
