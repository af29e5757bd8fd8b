/** Where the numbers of presets are from. */
import type { Profile, Target } from "../target/target.ts";
import { deviceRowOf } from "./device_rows.ts";

const OTHERS = "DLight's numbers for targets without a branch of their own";
const CLBLAST = "CLBlast's database (Apache-2.0)";
const dlightsFor = (branch: string, tiles = CLBLAST) =>
  `DLight's numbers for ${branch}, where WebGPU supports them; Matmul's tile by ${tiles}`;

const SOURCES: Readonly<Record<Profile, string>> = {
  "generic-webgpu": OTHERS,
  nvidia: dlightsFor("cuda", "Kernel Tuner's benchmark hub (MIT)"),
  amd: dlightsFor("rocm"),
  intel: `${OTHERS}; Matmul's tile by ${CLBLAST}`,
  apple: dlightsFor("metal"),
  "qualcomm-adreno": dlightsFor("opencl on Android"),
  "arm-mali": dlightsFor("opencl on Mali"),
  llvmpipe: "found by measuring on llvmpipe",
  cpu: "found by measuring generated WebAssembly",
};

/** The source of a target's numbers, and the row of its device. */
export function presetSource(target: Target): string {
  const row = deviceRowOf(target);
  const own = row && `row ${row.name}: ${Object.keys(row.rows).join(", ")} by ${CLBLAST}; else `;
  return (own ?? "") + SOURCES[target.profile];
}
