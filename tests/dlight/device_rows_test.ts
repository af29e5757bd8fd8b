/** Devices take the rows of their architecture; what rows say compiles, and stays in registers. */
import { assert, assertEquals, assertLessOrEqual, assertStringIncludes } from "@std/assert";
import { compile } from "../../lib/codegen/compile.ts";
import { DEVICE_ROWS, deviceRowOf } from "../../lib/dlight/device_rows.ts";
import { explain } from "../../lib/dlight/explain.ts";
import { PRESETS, presetsOf } from "../../lib/dlight/presets.ts";
import { schedule } from "../../lib/dlight/schedule.ts";
import { machineOf, valuesInRegisters } from "../../lib/estimate/machines.ts";
import { registersOf } from "../../lib/estimate/registers.ts";
import { storeNestsOf } from "../../lib/estimate/store_nests.ts";
import * as te from "../../lib/face/te.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import type { Profile, Target } from "../../lib/target/target.ts";

function adapter(profile: Profile, architecture: string, name: string): Target {
  return { ...targetOf(profile), architecture, name };
}

/** Adapters as browsers (architecture) and native runtimes (name) describe them, and their rows. */
const ADAPTERS: readonly (readonly [Profile, architecture: string, name: string, row: string | undefined])[] =
  [
    ["nvidia", "kepler", "", "fermi and kepler"],
    ["nvidia", "", "NVIDIA GeForce GTX 680", "fermi and kepler"],
    ["nvidia", "", "NVIDIA GeForce GTX 750 Ti", undefined],
    ["nvidia", "turing", "", undefined],
    ["nvidia", "", "NVIDIA GeForce RTX 3090", undefined],
    ["nvidia", "", "NVIDIA GeForce RTX 4090", "ampere of data centres, ada and blackwell"],
    ["nvidia", "", "NVIDIA A100-PCIE-40GB", "ampere of data centres, ada and blackwell"],
    ["nvidia", "blackwell", "", "ampere of data centres, ada and blackwell"],
    ["amd", "gcn-5", "", "gcn"],
    ["amd", "", "AMD Radeon RX 580 (RADV POLARIS10)", "gcn"],
    ["amd", "", "AMD Radeon RX 5700 XT (RADV NAVI10)", undefined],
    ["amd", "rdna-3", "", "rdna 3"],
    ["amd", "", "AMD Radeon RX 7900 XTX (RADV NAVI31)", "rdna 3"],
    ["amd", "", "AMD Radeon RX 9070 XT (RADV GFX1201)", "rdna 4"],
    ["intel", "", "Intel(R) Arc(tm) A770 Graphics (DG2)", "arc"],
    ["intel", "xe-hpg", "", "arc"],
    ["intel", "", "Intel(R) Iris(R) Xe Graphics", undefined],
    ["intel", "gen-9", "", "generations 7 to 9"],
    ["intel", "", "Intel(R) UHD Graphics 620 (KBL GT2)", "generations 7 to 9"],
    ["qualcomm-adreno", "adreno-7xx", "", "adreno 710 to 740"],
    ["qualcomm-adreno", "", "Adreno (TM) 740", "adreno 710 to 740"],
    ["qualcomm-adreno", "", "Adreno (TM) 750", undefined],
    ["arm-mali", "valhall", "Mali-G610", "mali g610"],
    ["arm-mali", "valhall", "", undefined],
    ["apple", "common-3", "Apple M2", undefined],
    ["llvmpipe", "", "llvmpipe (LLVM 15.0.6, 256 bits)", undefined],
  ];

Deno.test("an adapter takes the row of its architecture, or its vendor's numbers", () => {
  for (const [profile, architecture, name, row] of ADAPTERS) {
    assertEquals(deviceRowOf(adapter(profile, architecture, name))?.name, row, `${architecture} ${name}`);
  }
  const found = new Set(ADAPTERS.map(([, , , row]) => row));
  assert(DEVICE_ROWS.every(({ name }) => found.has(name)), "expected an adapter for each row");
});

Deno.test("an explanation names the row and where its numbers are from", () => {
  const func = te.matmul({ m: 1024, n: 1024, k: 1024 });
  const said = `${explain(func, adapter("amd", "rdna-3", ""))}`;
  assertStringIncludes(said, "row rdna 3: matmul, elementwise by CLBlast's database (Apache-2.0)");
  assertStringIncludes(`${explain(func, targetOf("nvidia"))}`, "Kernel Tuner's benchmark hub (MIT)");
  const { preset } = schedule(func, adapter("amd", "rdna-3", ""));
  assertEquals([preset.a_path, preset.b_path], ["shared", "buffer"]);
});

Deno.test("products at the presets of every row compile, and their values stay in registers", () => {
  const profiles = Object.keys(PRESETS) as readonly Profile[];
  const targets = [
    ...profiles.filter((p) => p !== "cpu" && p !== "llvmpipe").map((p) => targetOf(p)),
    ...ADAPTERS.filter(([, , , row]) => row !== undefined).map(([profile, architecture, name]) =>
      adapter(profile, architecture, name)
    ),
  ];
  for (const target of targets) {
    for (const [transposeA, transposeB] of [[false, false], [false, true], [true, false]] as const) {
      const { func } = schedule(te.matmul({ m: 4096, n: 4096, k: 4096, transposeA, transposeB }), target);
      compile(func, target);
      const most = valuesInRegisters(machineOf(target));
      assertLessOrEqual(registersOf(storeNestsOf(func)), most, `${target.profile} ${target.name}`);
    }
  }
});

Deno.test("a row replaces some presets of its vendor and keeps the others", () => {
  const target = adapter("nvidia", "kepler", "");
  assertEquals(presetsOf(target).gemv, PRESETS.nvidia.gemv);
  assertEquals(presetsOf(target).matmul.i, [8, 8]);
  assertEquals(presetsOf(target), presetsOf(target));
});
