/**
 * The numbers that a good rule would take, by rule and target profile. The generic-webgpu rows are DLight's
 * own for targets without a branch of their own (TVM's s_tir/dlight, "else" rows); the llvmpipe rows were
 * found by measuring there; the cpu rows suit one thread of WebAssembly, for which a workgroup is a loop.
 */
import type { Profile, Target } from "../target/target.ts";
import type {
  Conv2dPreset,
  DirectPath,
  GemvPreset,
  GeneralReductionPreset,
  Presets,
  ReductionPreset,
} from "./preset_rows.ts";
import { deviceRowOf, directTile, sharedTile } from "./device_rows.ts";

export * from "./preset_rows.ts";

/** Presets, but that rows may leave out their path. */
type Pathless = {
  readonly [K in keyof Presets]: Presets[K] extends { readonly path: infer P }
    ? Omit<Presets[K], "path"> & { readonly path?: P }
    : Presets[K];
};

/** Gives a path to the rows that name none. */
function onPath(path: DirectPath, rows: Pathless): Presets {
  const entries = Object.entries(rows).map(([name, row]) => [
    name,
    typeof row === "object" && !Array.isArray(row) && name !== "fallback" ? { path, ...row } : row,
  ]);
  return Object.fromEntries(entries) as Presets;
}

/** Rows of one workgroup of 256 threads each. */
const LONG_ROWS: ReductionPreset = { rows: 1, threads: 256, chunk: 1, groups: 64, path: "buffer" };
const LONG_GROUPS: GeneralReductionPreset = { threads: 256, results: 1, chunk: 4, places: 4, path: "buffer" };
const CONV: Conv2dPreset = {
  x: 4,
  filters: [8, 4],
  channels: 4,
  reuseRows: false,
  strips: 8,
  path: "buffer",
};

/** Matrix-vector products, of plain and of packed matrices. */
function gemvs(rows: number, reduceThreads: number, chunk: number): Pick<Presets, "gemv" | "packedGemv"> {
  const gemv: GemvPreset = { rows: [rows, 1], reduceThreads, chunk, path: "buffer" };
  return { gemv, packedGemv: { ...gemv, chunk: 8 } };
}

const GENERIC: Presets = onPath("buffer", {
  products: 4096,
  subgroups: false,
  workers: [24, 48, 96, 192],
  leastCopied: Infinity,
  matmul: { i: [8, 4], j: [8, 4], k: 8, kMajor: true, pad: 4, path: "shared" },
  lowBatch: { j: [64, 1], k: 8 },
  ...gemvs(1, 64, 8),
  outerGemv: { rows: [64, 4], reduceThreads: 1, chunk: 4 },
  reduction: { rows: 1, threads: 64, chunk: 1, groups: 64 },
  outerReduction: { rows: [16, 1], threads: 16, chunk: 1 },
  generalReduction: { threads: 64, results: 1, chunk: 4, places: 4 },
  transpose: { i: [8, 4], j: [8, 4], path: "shared" },
  convNchw: CONV,
  convNhwc: CONV,
  depthwiseNchw: { x: 4, filters: [1, 1], channels: 1, reuseRows: true, strips: 32 },
  depthwiseNhwc: { x: 2, filters: [16, 4], channels: 1, reuseRows: true, strips: 4 },
  elementwise: { threads: 256, results: 4 },
  fallback: { threads: 256 },
});

/**
 * Vendors' rows where DLight has a branch for them: `cuda` for NVIDIA, `rocm` for AMD, `metal` for Apple,
 * `opencl` with android for Adreno and with mali for Mali (TVM's s_tir/dlight/gpu), where WebGPU supports
 * them; Intel has no branch there. Matmul's tile for NVIDIA has 0.90 and 0.94 of the best speed in two spaces of
 * SGEMM 4096³ that were measured whole (Kernel Tuner's benchmark hub, MIT). Those of other vendors are what most of their
 * devices share in CLBlast's database (Apache-2.0). None of them was measured here.
 */
export const PRESETS: Readonly<Record<Profile, Presets>> = {
  "generic-webgpu": GENERIC,
  nvidia: {
    ...GENERIC,
    matmul: {
      ...sharedTile([8, 16], [32, 4]),
      bPath: "buffer",
      kLast: { ...sharedTile([8, 16], [16, 8]), bPath: "shared" },
    },
    ...gemvs(8, 32, 4),
    reduction: LONG_ROWS,
    generalReduction: LONG_GROUPS,
    transpose: { i: [8, 4], j: [16, 4], path: "shared" },
  },
  amd: {
    ...GENERIC,
    matmul: sharedTile([8, 8], [16, 8]),
    ...gemvs(4, 64, 4),
    reduction: LONG_ROWS,
  },
  intel: { ...GENERIC, matmul: sharedTile([8, 8], [16, 4]) },
  apple: {
    ...GENERIC,
    subgroups: true,
    matmul: sharedTile([16, 8], [16, 4], 16),
    ...gemvs(4, 16, 4),
    reduction: LONG_ROWS,
  },
  "qualcomm-adreno": {
    ...GENERIC,
    matmul: directTile([8, 8], [16, 4]),
    ...gemvs(2, 32, 8),
    outerGemv: { rows: [64, 8], reduceThreads: 1, chunk: 8, path: "buffer" },
    reduction: LONG_ROWS,
    generalReduction: LONG_GROUPS,
    transpose: { i: [8, 4], j: [16, 4], path: "shared" },
  },
  "arm-mali": {
    ...GENERIC,
    matmul: directTile([8, 8], [8, 4]),
    reduction: LONG_ROWS,
  },
  llvmpipe: onPath("texture", {
    products: 1536,
    subgroups: false,
    workers: [],
    leastCopied: 4096,
    matmul: { i: [1, 16], j: [8, 16], k: 4, stepInnermost: true },
    lowBatch: { j: [8, 8], k: 8, stepInnermost: true },
    gemv: { rows: [8, 8], reduceThreads: 1, chunk: 32 },
    packedGemv: { rows: [8, 8], reduceThreads: 1, chunk: 32 },
    outerGemv: { rows: [8, 32], reduceThreads: 1, chunk: 1 },
    reduction: {
      rows: 4,
      threads: 8,
      chunk: 16,
      groups: 4,
      inBuffers: { rows: 8, threads: 1, chunk: 4 },
    },
    outerReduction: { rows: [8, 4], threads: 1, chunk: 4 },
    generalReduction: { threads: 8, results: 8, chunk: 4, places: 4, gathered: { chunk: 4, rows: true } },
    transpose: { i: [16, 4], j: [16, 16] },
    convNchw: {
      x: 14,
      filters: [1, 8],
      channels: 2,
      stepInnermost: true,
      reuseRows: true,
      strips: 8,
    },
    convNhwc: {
      x: 14,
      filters: [1, 16],
      channels: 4,
      stepInnermost: true,
      reuseRows: false,
      strips: 8,
    },
    depthwiseNchw: { x: 8, filters: [8, 1], channels: 1, reuseRows: true, strips: 16 },
    depthwiseNhwc: { x: 4, filters: [1, 8], channels: 1, reuseRows: true, strips: 8 },
    elementwise: { threads: 256, results: 16 },
    fallback: { threads: 256 },
  }),
  cpu: onPath("buffer", {
    products: 4096,
    subgroups: false,
    workers: [],
    leastCopied: Infinity,
    matmul: { i: [1, 4], j: [1, 8], k: 4, rowsFirst: true, layout: "packed" },
    packedMatmul: { i: [1, 8], j: [1, 4], k: 16, rowsFirst: true, path: "buffer" },
    lowBatch: { j: [1, 4], k: 4 },
    gemv: { rows: [1, 8], reduceThreads: 1, chunk: 8 },
    packedGemv: { rows: [1, 4], reduceThreads: 1, chunk: 32 },
    outerGemv: { rows: [1, 32], reduceThreads: 1, chunk: 4 },
    reduction: { rows: 1, threads: 1, chunk: 8, groups: 1 },
    outerReduction: { rows: [1, 8], threads: 1, chunk: 1 },
    generalReduction: { threads: 8, results: 8, gathered: { chunk: 4, rows: true }, chunk: 4, places: 8 },
    transpose: { i: [1, 8], j: [1, 8] },
    convNchw: {
      x: 8,
      filters: [1, 16],
      channels: 4,
      stepInnermost: true,
      reuseRows: false,
      inLanes: { channels: 2, stepInnermost: false, reuseRows: true },
      strips: 1,
    },
    convNhwc: { x: 7, filters: [1, 8], channels: 8, reuseRows: true, strips: 1 },
    depthwiseNchw: { x: 8, filters: [1, 2], channels: 1, reuseRows: true, inLanes: {}, strips: 8 },
    depthwiseNhwc: { x: 7, filters: [1, 8], channels: 1, reuseRows: true, strips: 1 },
    elementwise: { threads: 64, results: 4 },
    fallback: { threads: 64 },
  }),
};

/** The presets of a target: its vendor's, with those that its device has for itself. */
export function presetsOf(target: Target): Presets {
  let known = KNOWN.get(target);
  if (!known) KNOWN.set(target, known = { ...PRESETS[target.profile], ...deviceRowOf(target)?.rows });
  return known;
}
const KNOWN = new WeakMap<Target, Presets>();
