/**
 * The numbers that a good rule would take, by rule and target profile. The generic-webgpu rows are DLight's
 * own for targets without a branch of their own (TVM's s_tir/dlight, "else" rows); the llvmpipe rows were
 * found by measuring there; the cpu rows suit one thread of WebAssembly, for which a workgroup is a loop.
 */
import type { Profile } from "../target/target.ts";

/** The layout of a matrix of weights: as given, with swapped axes, or with four values of j side by side for each k. */
export type WeightLayout = "given" | "transposed" | "packed";

/**
 * The path of an operand to registers: through workgroup memory, directly from its buffer, from a texture or, if it is
 * small, from a uniform buffer.
 */
export type Path = "shared" | "buffer" | "texture" | "uniform";
export const PATHS: readonly Path[] = ["shared", "buffer", "texture", "uniform"];
/** Paths without workgroup memory. */
export type DirectPath = Exclude<Path, "shared">;
export const DIRECT_PATHS: readonly DirectPath[] = ["buffer", "texture", "uniform"];

export interface MatmulPreset {
  /** Threads and results per thread, along the rows of the result. */
  readonly i: readonly [threads: number, results: number];
  readonly j: readonly [threads: number, results: number];
  /** Steps of the reduction between two loads. */
  readonly k: number;
  /** True if each vector of results takes all these steps at once; false if the whole tile takes one step at a time. */
  readonly stepInnermost?: boolean;
  /** True if neighbouring workgroups are neighbours along the rows of the result; false if along its columns. */
  readonly rowsFirst?: boolean;
  /** The layout of B where it is a weight, and the rows of the result are known to be many. Default: as given. */
  readonly layout?: WeightLayout;
  /** Parts of a thread's results along each axis, which lie a tile of threads apart; 1 where it is not given. */
  readonly virtual?: readonly [i: number, j: number];
  /** True if an operand with neighbours along k is transposed on its way to workgroup memory. */
  readonly kMajor?: boolean;
  /** Elements by which rows in workgroup memory are further apart than multiples of 8; 0 where it is not given. */
  readonly pad?: 0 | 1 | 4;
  readonly path: Path;
}

export interface GemvPreset {
  /** Threads along the result, and results per thread. */
  readonly rows: readonly [threads: number, results: number];
  /** Threads that share one reduction. */
  readonly reduceThreads: number;
  /** Elements of the reduction that a thread takes per iteration. */
  readonly chunk: number;
  readonly path: DirectPath;
}

export interface ReductionPreset {
  /** Rows in a workgroup. */
  readonly rows: number;
  /** Threads that share a row. */
  readonly threads: number;
  /** Neighbouring elements that a thread takes per iteration. */
  readonly chunk: number;
  /** Workgroups that keep a device busy: with fewer rows, long rows are cut into parts. */
  readonly groups: number;
  /** The numbers where an input is an activation in a buffer, and there are at least `rows` rows. */
  readonly inBuffers?: Pick<ReductionPreset, "rows" | "threads" | "chunk">;
  readonly path: DirectPath;
}

export interface OuterReductionPreset {
  /** Threads along the rows, and rows per thread. */
  readonly rows: readonly [threads: number, results: number];
  /** Threads that share a row. */
  readonly threads: number;
  /** Elements of a row that a thread takes per iteration. */
  readonly chunk: number;
  readonly path: DirectPath;
}

export interface GeneralReductionPreset {
  readonly threads: 8 | 16 | 32 | 64 | 128 | 256;
  /** Neighbouring results per thread, if a block has axes of its own. */
  readonly results: 1 | 2 | 4 | 8;
  /** Elements of a reduction that a thread takes per iteration. */
  readonly chunk: 1 | 4 | 8 | 16;
  /** Positions that a workgroup takes side by side, along an axis that most of its inputs do not have. */
  readonly places: 1 | 2 | 4 | 8;
  /**
   * The numbers where inputs are gathered, as pages of a cache are: whether threads take a row each where there are several.
   * Default: chunks of 1, because what is gathered is not kept in registers and unrolling repeats its loads.
   */
  readonly gathered?: { readonly chunk: 1 | 4; readonly rows: boolean };
  readonly path: DirectPath;
}

export interface TransposePreset {
  /** Threads and elements per thread, along the axis that is contiguous in the source. */
  readonly i: readonly [threads: number, results: number];
  /** The same along the axis that is contiguous in the result. */
  readonly j: readonly [threads: number, results: number];
  readonly path: Path;
}

export interface Conv2dPreset {
  /** Results of a thread along a row of the image. */
  readonly x: number;
  /** Threads along the filters, and results per thread. */
  readonly filters: readonly [threads: number, results: number];
  /** Channels per iteration. */
  readonly channels: number;
  /** True if each vector of results takes all of them at once; false if the whole tile takes one at a time. */
  readonly stepInnermost?: boolean;
  /** True if a row of the image is kept for all columns of the window. */
  readonly reuseRows: boolean;
  /** Strips of rows in a workgroup, one per thread. */
  readonly strips: 1 | 2 | 4 | 8 | 16 | 32;
  readonly path: DirectPath;
}

export interface ElementwisePreset {
  readonly threads: 8 | 16 | 32 | 64 | 128 | 256;
  /** Neighbouring elements per thread. */
  readonly results: 1 | 2 | 4 | 8 | 16;
  readonly path: DirectPath;
}

export interface FallbackPreset {
  readonly threads: number;
}

export interface Presets {
  /** Products in an unrolled body, at most: with more, drivers compile for more than about two seconds. */
  readonly products: number;
  /**
   * Whether threads that share a reduction exchange partial sums in subgroups, if the device has them. It is on only where
   * a compiler does so by default: TVM for Metal. TVM does not for WebGPU, and ONNX Runtime found workgroup memory faster on
   * an NVIDIA card. Elsewhere a search may find that it pays.
   */
  readonly subgroups: boolean;
  /**
   * Numbers of workgroups that may share all steps of a matrix product (stream-K). WebGPU does not state the number of
   * cores, so they range from small to large devices. They are three times a power of two, because powers of two only cut
   * tiles into parts, as `split_k` does. None on llvmpipe, where measurements show no gain. None on a CPU, which runs one
   * workgroup after the other.
   */
  readonly workers: readonly number[];
  /**
   * The least elements of an activation for which a copy from its buffer to a texture may pay. Infinite where that was never
   * measured.
   */
  readonly leastCopied: number;
  readonly matmul: MatmulPreset;
  /** For matrices B that are decoded on their way. Default: as `matmul`. */
  readonly packedMatmul?: MatmulPreset;
  /** Few rows; their number is only known at launch. */
  readonly lowBatch: Omit<MatmulPreset, "i">;
  readonly gemv: GemvPreset;
  /** For matrices that are decoded from 4-bit weights. */
  readonly packedGemv: GemvPreset;
  readonly outerGemv: GemvPreset;
  readonly reduction: ReductionPreset;
  readonly outerReduction: OuterReductionPreset;
  readonly generalReduction: GeneralReductionPreset;
  readonly transpose: TransposePreset;
  readonly convNchw: Conv2dPreset;
  readonly convNhwc: Conv2dPreset;
  readonly depthwiseNchw: Conv2dPreset;
  readonly depthwiseNhwc: Conv2dPreset;
  readonly elementwise: ElementwisePreset;
  readonly fallback: FallbackPreset;
}

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
  matmul: { i: [8, 4], j: [8, 4], k: 8, path: "shared" },
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
 * them; Intel has no branch there. None of them was measured here.
 */
export const PRESETS: Readonly<Record<Profile, Presets>> = {
  "generic-webgpu": GENERIC,
  nvidia: {
    ...GENERIC,
    matmul: { i: [8, 4], j: [16, 4], k: 16, path: "shared" },
    ...gemvs(8, 32, 4),
    reduction: LONG_ROWS,
    generalReduction: LONG_GROUPS,
    transpose: { i: [8, 4], j: [16, 4], path: "shared" },
  },
  amd: {
    ...GENERIC,
    matmul: { i: [8, 4], j: [16, 4], k: 16, path: "shared" },
    ...gemvs(4, 64, 4),
    reduction: LONG_ROWS,
  },
  intel: GENERIC,
  apple: {
    ...GENERIC,
    subgroups: true,
    ...gemvs(4, 16, 4),
    reduction: LONG_ROWS,
  },
  "qualcomm-adreno": {
    ...GENERIC,
    matmul: { i: [4, 8], j: [32, 2], k: 16, path: "texture" },
    ...gemvs(2, 32, 8),
    outerGemv: { rows: [64, 8], reduceThreads: 1, chunk: 8, path: "buffer" },
    reduction: LONG_ROWS,
    generalReduction: LONG_GROUPS,
    transpose: { i: [8, 4], j: [16, 4], path: "shared" },
  },
  "arm-mali": {
    ...GENERIC,
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
    packedMatmul: { i: [1, 16], j: [1, 4], k: 4, rowsFirst: true, path: "buffer" },
    lowBatch: { j: [1, 4], k: 4 },
    gemv: { rows: [1, 8], reduceThreads: 1, chunk: 4 },
    packedGemv: { rows: [1, 4], reduceThreads: 1, chunk: 32 },
    outerGemv: { rows: [1, 32], reduceThreads: 1, chunk: 4 },
    reduction: { rows: 1, threads: 1, chunk: 8, groups: 1 },
    outerReduction: { rows: [1, 8], threads: 1, chunk: 1 },
    generalReduction: { threads: 8, results: 8, chunk: 1, places: 1 },
    transpose: { i: [1, 8], j: [1, 8] },
    convNchw: {
      x: 8,
      filters: [1, 8],
      channels: 1,
      stepInnermost: true,
      reuseRows: true,
      strips: 1,
    },
    convNhwc: { x: 2, filters: [1, 16], channels: 4, reuseRows: true, strips: 1 },
    depthwiseNchw: { x: 8, filters: [1, 1], channels: 1, reuseRows: true, strips: 1 },
    depthwiseNhwc: { x: 1, filters: [1, 8], channels: 1, reuseRows: false, strips: 1 },
    elementwise: { threads: 64, results: 4 },
    fallback: { threads: 64 },
  }),
};

const OTHERS = "DLight's numbers for targets without a branch of their own";
const dlightsFor = (branch: string) => `DLight's numbers for ${branch}, where WebGPU supports them`;

/** The source of each profile's numbers. */
export const PRESET_SOURCES: Readonly<Record<Profile, string>> = {
  "generic-webgpu": OTHERS,
  nvidia: dlightsFor("cuda"),
  amd: dlightsFor("rocm"),
  intel: `${OTHERS}; it has none for Intel`,
  apple: dlightsFor("metal"),
  "qualcomm-adreno": dlightsFor("opencl on Android"),
  "arm-mali": dlightsFor("opencl on Mali"),
  llvmpipe: "found by measuring on llvmpipe",
  cpu: "found by measuring generated WebAssembly",
};
