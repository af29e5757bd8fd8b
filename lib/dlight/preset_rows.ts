/** What presets say of each rule. */

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
  /** The path of the second operand, where it is another one. */
  readonly bPath?: Path;
  /** What differs where the second operand has neighbours along k. */
  readonly kLast?: Partial<MatmulPreset>;
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
  /**
   * Given where neighbours along a row are lanes: then a thread takes a multiple of four of them, if one divides the row. What it
   * has is taken for windows of several columns. Default: neighbours are no lanes.
   */
  readonly inLanes?: Partial<Conv2dPreset>;
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
  /** For matrices B that are decoded on their way. Default: as `matmul`, with one path for both operands. */
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
