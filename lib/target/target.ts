/** A device as plain data: what rules, lowering and records need to know about it. It holds no handle. */
import type { Capabilities } from "./capabilities.ts";

/** Vendor profiles; presets are chosen by them. */
export type Profile =
  | "generic-webgpu"
  | "nvidia"
  | "amd"
  | "intel"
  | "apple"
  | "qualcomm-adreno"
  | "arm-mali"
  | "llvmpipe"
  | "cpu";

/** Uniform buffers in one kernel that every WebGPU device takes (WebGPU specification, default limits). */
export const UNIFORM_BUFFERS = 12;
/** Bytes of one uniform buffer that every WebGPU device takes (WebGPU specification, default limits). */
export const UNIFORM_BYTES = 65536;

/** Limits of a device, as its adapter or its profile states them. */
export interface Limits {
  /** Threads of one workgroup, all dimensions together. */
  readonly maxInvocations: number;
  /** Threads of one workgroup in each dimension. */
  readonly maxWorkgroupSize: readonly [x: number, y: number, z: number];
  /** Workgroup memory of one workgroup, bytes. */
  readonly maxSharedBytes: number;
  /** Workgroups in one dimension of a dispatch. */
  readonly maxWorkgroups: number;
  /** Storage buffers in one kernel. */
  readonly maxStorageBuffers: number;
  /** Textures in one kernel, of the kind that kernels read here. */
  readonly maxTextures: number;
  /** Width and height of a 2-D texture, texels. */
  readonly maxTextureSize: number;
  /** Bytes of one storage binding. */
  readonly maxBindingBytes: number;
  /** Loop iterations of one thread, nested and sequential ones summed, before the driver silently ends it. */
  readonly maxLoopIterations: number;
}

/** Measured rates of a device, which no kernel exceeds by much. */
export interface Peaks {
  /** Float32 multiply-adds, counted as two operations each, GFLOP/s. */
  readonly gflops: number;
  /** Reading vectors of four from a storage buffer that fits its caches, GB/s. */
  readonly bufferGbps: number;
  /** The same from a texture; 0: it has none. */
  readonly textureGbps: number;
  /**
   * Copying from one storage buffer to another, both ways counted, GB/s: 16 MiB, or more until that takes a millisecond,
   * up to 512 MiB.
   */
  readonly copyGbps: number;
  /** One launch of a kernel that does nothing, in a long queue of them, milliseconds. */
  readonly launchMs: number;
}

/** Subgroups: threads of a workgroup, neighbours along x, that exchange values without memory. */
export interface Subgroups {
  /** The least number of threads in one, a power of two; a driver chooses for each kernel. */
  readonly minSize: number;
  /** The largest number of threads in one, a power of two. */
  readonly maxSize: number;
  /** True if WGSL must say `enable subgroups;`. The specification asks for it, and naga (in Deno) refuses it. */
  readonly directive: boolean;
}

/** A clock that times kernels: the device's own timestamps, wall time, or the process's CPU time. */
export type Clock = "timestamp" | "wall" | "cpu";

/** A device as plain data. Lowering and code generation ask for its capabilities, never for its kind. */
export interface Target extends Capabilities {
  /** The API that runs its kernels: identity for records, and no capability. */
  readonly kind: "webgpu" | "cpu";
  /** The vendor profile whose presets it takes. */
  readonly profile: Profile;
  /** The adapter's own description, for example `llvmpipe (LLVM 15.0.6, 256 bits)`. */
  readonly name: string;
  /** The adapter's vendor; empty where it states none. */
  readonly vendor: string;
  /** The adapter's architecture; empty where it states none. */
  readonly architecture: string;
  /** The runtime that drives the device, for example `Deno 2.9.6`. */
  readonly runtime: string;
  /** Its limits. */
  readonly limits: Limits;
  /** True only if a probe has seen f16 arithmetic give right results. */
  readonly f16: boolean;
  /** True if it times kernels by timestamps of its own. */
  readonly timestamps: boolean;
  /** Its subgroups, only where a probe has seen them exchange values with the right neighbours. */
  readonly subgroups?: Subgroups;
  /** True if its WebAssembly has relaxed SIMD, whose results differ between machines in the last bit. Default: false. */
  readonly relaxedSimd?: boolean;
  /** The threads of a CPU that share a launch. Default: 1. */
  readonly threads?: number;
  /**
   * How kernels read textures: as sampled ones, or as read-only storage textures. `none`: it has no textures, and
   * inputs in textures lie in global memory.
   */
  readonly textures: "sampled" | "storage" | "none";
  /** The clock that measures best here. */
  readonly clock: Clock;
  /** Its measured rates, where they were measured. */
  readonly peaks?: Peaks;
}
