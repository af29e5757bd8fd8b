/**
 * A built program as JSON: source and launch plan, all that a runtime needs. It is sent to the measuring process and
 * written to files, so it holds no IR objects.
 */
import type { StorageType } from "../ir/dtype.ts";
import type { ArenaSlot } from "./arena.ts";
import type { ExprJson } from "../ir/json.ts";
import type { Requirement } from "../ir/requirement.ts";
import type { Binding } from "../lower/kernel.ts";
import type { KernelLanguage } from "../target/capabilities.ts";
import type { TextureLayout } from "../target/texture.ts";

/** An argument or intermediate of the program, row-major. */
export interface BufferSpec {
  /** The name of the parameter or of the intermediate. */
  readonly name: string;
  /** The type of its elements. */
  readonly dtype: StorageType;
  /** Dimensions; a shape variable is given by name. */
  readonly shape: readonly ExprJson[];
  /** Dimensions as callers give them, where the schedule has made one axis of several. Default: `shape`. */
  readonly given?: readonly ExprJson[];
  /**
   * `inPlace`: an input that the program updates, and so an output too. `prepared`: computed from inputs when these are
   * bound or prepared, and kept as long as they are.
   */
  readonly role: "input" | "output" | "inPlace" | "temp" | "prepared";
  /**
   * `texture`: the device holds it as a 2-D texture with four elements per texel, padded with zeros. Kernels sample it,
   * or read it as a storage texture. `uniform`: a uniform buffer.
   */
  readonly storage: { readonly kind: "buffer" | "uniform" } | TextureSpec;
  /** The slots of an arena, from which its size follows; its shape says nothing. */
  readonly slots?: readonly ArenaSlot[];
}

/** Tells whether a buffer's values are given: those of an input, or of one that the program updates in place. */
export function isGiven({ role }: Pick<BufferSpec, "role">): boolean {
  return role === "input" || role === "inPlace";
}

/** Tells whether a buffer is a result of a run. */
export function isMade({ role }: Pick<BufferSpec, "role">): boolean {
  return role === "output" || role === "inPlace";
}

/** How a device holds a tensor in a texture. */
export interface TextureSpec {
  /** Tells a texture from a buffer. */
  readonly kind: "texture";
  /** Where its elements lie. */
  readonly layout: TextureLayout;
  /** How kernels access it: as a sampled texture, or as a read-only storage texture. */
  readonly access: "sample" | "read";
}

/** A buffer that a kernel accesses. */
export interface LaunchBinding {
  /** The buffer's name. */
  readonly name: string;
  /** How the kernel accesses it. */
  readonly access: Binding["access"];
  /** The slot of the arena, where the buffer is that. */
  readonly slot?: number;
  /** What the kernel takes the buffer for, where that isn't what it is: a value in a storage that others share. */
  readonly view?: Pick<BufferSpec, "dtype" | "shape">;
}

/** The copy of a buffer's elements to a texture, which a launch reads. */
export interface TextureCopy {
  /** The buffer's name. */
  readonly from: string;
  /** The slot of the arena, where the buffer is that. */
  readonly slot?: number;
  /** The texture's name. */
  readonly to: string;
  /** Texels to copy, of four elements each. */
  readonly texels: ExprJson;
}

/** One kernel, and how it is launched. */
export interface Launch {
  /** Name of the kernel, and of the function in `source`. */
  readonly name: string;
  /** The compute entry point of WGSL. Default "main". */
  readonly entryPoint?: string;
  /** True if it runs once, when the inputs that it reads are bound or prepared. */
  readonly prepares: boolean;
  /** WGSL of one module, a WebAssembly module as a reader wants it, or JavaScript of one function body. */
  readonly source: string;
  /** The bytes of the WebAssembly module in base 64. Default: none, and on the CPU `source` is JavaScript. */
  readonly module?: string;
  /** Bytes of memory that a worker needs for what WebAssembly has no registers for. Default: 0. */
  readonly scratchBytes?: number;
  /** Threads of a workgroup in x, y and z. */
  readonly workgroupSize: readonly [number, number, number];
  /** Workgroups in x, y, z before folding. */
  readonly grid: readonly [ExprJson, ExprJson, ExprJson];
  /** True if x beyond the device's limit is folded into z; then the uniforms end with the x count. */
  readonly folded: boolean;
  /** In the order of their binding numbers from 0. */
  readonly bindings: readonly LaunchBinding[];
  /** Copies that go before it. Default: none. */
  readonly copies?: readonly TextureCopy[];
  /** Names of the shape variables in the uniform buffer (i32 each), whose binding number follows the last buffer's. */
  readonly uniforms: readonly string[];
  /**
   * For each loop of a thread its extent and those of the loops around it. Drivers that end a thread after a number of
   * iterations do so silently, so these are counted when the shapes are known.
   */
  readonly loops: readonly (readonly ExprJson[])[];
  /** True if it computes in f16. */
  readonly f16: boolean;
  /** Workgroup memory of one workgroup, bytes. */
  readonly sharedBytes: number;
}

/** A compiled program as plain data: its buffers, and the kernels that run one after the other. */
export interface Executable {
  /** The name of the program. */
  readonly name: string;
  /** The language of its kernels. */
  readonly language: KernelLanguage;
  /** Names of its shape variables. */
  readonly shapeVars: readonly string[];
  /** Its parameters in order, then its intermediates. */
  readonly buffers: readonly BufferSpec[];
  /** Its kernels in the order in which they run. */
  readonly launches: readonly Launch[];
  /** What its shape variables must keep to. Default: nothing. */
  readonly requires?: readonly Requirement[];
}
