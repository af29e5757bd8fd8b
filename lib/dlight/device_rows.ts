/**
 * Rows of presets for devices that take others than their vendor's. The numbers of Matmul, Transpose, Reduction and
 * Elementwise are what most devices of an architecture share in CLBlast's database of tuned parameters (April 2026,
 * Apache-2.0, 170 devices), where WebGPU's default limits allow them. A tile of MWG × NWG results by MDIMC × NDIMC threads
 * there is `j: [MDIMC, MWG / MDIMC], i: [NDIMC, NWG / NDIMC]` here. Its matrix-vector products and convolutions work
 * otherwise than ours: they have no rows.
 */
import type { Profile, Target } from "../target/target.ts";
import type { MatmulPreset, Presets } from "./preset_rows.ts";

export interface DeviceRow {
  readonly profile: Profile;
  /** The name of the row. */
  readonly name: string;
  /** Found in the adapter's architecture or description. */
  readonly devices: RegExp;
  readonly rows: Partial<Presets>;
}

/** A tile through workgroup memory: its vectors interleaved, and operands transposed on their way. */
export const sharedTile = (i: MatmulPreset["i"], j: MatmulPreset["j"], k = 8): MatmulPreset => ({
  i,
  j,
  k,
  virtual: [1, j[1] / 4],
  kMajor: true,
  pad: 4,
  path: "shared",
});
/** A tile straight from buffers. */
export const directTile = (i: MatmulPreset["i"], j: MatmulPreset["j"]): MatmulPreset => ({
  i,
  j,
  k: 4,
  path: "buffer",
});

const threadsOf = (threads: 64 | 128 | 256): Pick<Presets, "reduction"> => ({
  reduction: { rows: 1, threads, chunk: 1, groups: 64, path: "buffer" },
});
const elements = (threads: 64 | 128 | 256, results: 1 | 4): Pick<Presets, "elementwise"> => ({
  elementwise: { threads, results, path: "buffer" },
});
const square = (threads: number, results: number): Pick<Presets, "transpose"> => ({
  transpose: { i: [threads, results], j: [threads, results], path: "shared" },
});

/** The first row whose name an adapter's architecture or description has. */
export const DEVICE_ROWS: readonly DeviceRow[] = [
  {
    profile: "nvidia",
    name: "fermi and kepler",
    devices: /fermi|kepler|GTX (4[678]0|5[678]0|6[5-9]0|7[678]0)|Tesla K\d0/i,
    rows: {
      matmul: sharedTile([8, 8], [16, 4], 16),
      ...square(16, 2),
      ...threadsOf(128),
      ...elements(128, 4),
    },
  },
  {
    profile: "nvidia",
    name: "ampere of data centres, ada and blackwell",
    devices: /lovelace|blackwell|RTX (4|5)0[5-9]0|\bA100\b/i,
    rows: { ...square(8, 4), ...threadsOf(128), ...elements(64, 4) },
  },
  {
    profile: "amd",
    name: "gcn",
    devices: /gcn|gfx[6-9]|polaris|vega|Radeon (RX [45]\d\d\b|R[79]|HD|VII)/i,
    rows: { matmul: sharedTile([8, 8], [16, 4], 16), ...threadsOf(128), ...elements(128, 4) },
  },
  {
    profile: "amd",
    name: "rdna 3",
    devices: /rdna-3|gfx11|navi3|RX 7\d\d\d|7[468]0M/i,
    rows: {
      matmul: { ...sharedTile([8, 16], [16, 4]), bPath: "buffer", kLast: { bPath: "shared" } },
      ...elements(64, 4),
    },
  },
  {
    profile: "amd",
    name: "rdna 4",
    devices: /rdna-4|gfx12|navi4|RX 90\d\d/i,
    rows: { matmul: sharedTile([8, 16], [8, 8]) },
  },
  {
    profile: "intel",
    name: "arc",
    devices: /xe-?2?-?hpg|alchemist|battlemage|\bArc\b/i,
    rows: { matmul: directTile([8, 8], [16, 4]), ...threadsOf(256), ...elements(256, 1) },
  },
  {
    profile: "intel",
    name: "generations 7 to 9",
    devices: /gen-[789]|HD Graphics (\d{4}|[56]\d\d)\b|Iris.* Plus/i,
    rows: { matmul: directTile([8, 8], [16, 4]), ...square(16, 4) },
  },
  {
    profile: "qualcomm-adreno",
    name: "adreno 710 to 740",
    devices: /adreno\D*7[1-4]0|adreno-7xx/i,
    rows: { matmul: directTile([8, 16], [16, 4]), ...square(16, 4) },
  },
  {
    profile: "arm-mali",
    name: "mali g610",
    devices: /G610/i,
    rows: { matmul: directTile([8, 4], [8, 8]) },
  },
];

/** The row of a device; undefined where the vendor's numbers are the nearest. */
export function deviceRowOf({ profile, architecture, name }: Target): DeviceRow | undefined {
  const said = `${architecture} ${name}`;
  return DEVICE_ROWS.find((row) => row.profile === profile && row.devices.test(said));
}
