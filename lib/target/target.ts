/** A device as plain data: what rules, lowering and records need to know of it, and no handle. */
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

/** Uniform buffers in one kernel, and bytes of one, that every WebGPU device takes (WebGPU specification, default limits). */
export const UNIFORM_BUFFERS = 12;
export const UNIFORM_BYTES = 65536;

export interface Limits {
  /** Invocations of one workgroup, all dimensions together. */
  readonly maxInvocations: number;
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
  /** Loop iterations of one invocation, nested and sequential ones summed, before the driver cuts it off silently. */
  readonly maxLoopIterations: number;
}

/** Measured rates of a device: what no kernel exceeds by much. */
export interface Peaks {
  /** Float32 multiply-adds, two operations each, 10^9 operations a second. */
  readonly gflops: number;
  /** Reading vectors of four from a storage buffer and from a texture that fit its caches, GB/s; 0: it has none. */
  readonly bufferGbps: number;
  readonly textureGbps: number;
  /** Copying 16 MiB from one storage buffer to another, both ways counted, GB/s. */
  readonly copyGbps: number;
  /** One launch of a kernel that does nothing, in a long queue of them, milliseconds. */
  readonly launchMs: number;
}

/** Invocations of a workgroup that can hand each other values without memory: neighbours along x. */
export interface Subgroups {
  /** The least and the largest number of invocations in one, powers of two; a driver chooses for each kernel. */
  readonly minSize: number;
  readonly maxSize: number;
  /** Whether WGSL must say `enable subgroups;`. The specification asks for it, and naga (in Deno) refuses it. */
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
  readonly vendor: string;
  readonly architecture: string;
  /** The runtime that drives the device, for example `Deno 2.9.6`. */
  readonly runtime: string;
  readonly limits: Limits;
  /** True only if a probe has seen f16 arithmetic give right results. */
  readonly f16: boolean;
  readonly timestamps: boolean;
  /** Only where a probe has seen them hand values to the right neighbours. */
  readonly subgroups?: Subgroups;
  /**
   * How kernels read textures: as sampled ones, or as read-only storage textures. `none`: it has no textures, and
   * inputs in textures lie in global memory.
   */
  readonly textures: "sampled" | "storage" | "none";
  /** The clock that measures best here. */
  readonly clock: Clock;
  /** Where they were measured. */
  readonly peaks?: Peaks;
}
