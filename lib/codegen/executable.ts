/**
 * A built program as JSON: source and launch plan, all that a runtime needs. It
 * crosses to the measuring process and into files, so it holds no IR objects.
 */
import type { ScalarType } from "../ir/dtype.ts";
import type { ExprJson } from "../ir/json.ts";
import type { Binding } from "../lower/kernel.ts";
import type { KernelLanguage } from "../target/capabilities.ts";
import type { TextureLayout } from "../target/texture.ts";

/** An argument or intermediate of the program, row-major. */
export interface BufferSpec {
  readonly name: string;
  readonly dtype: ScalarType;
  /** Dimensions; a shape variable is given by name. */
  readonly shape: readonly ExprJson[];
  /** `prepared`: made of inputs when these are bound or prepared, and kept as long as they are. */
  readonly role: "input" | "output" | "temp" | "prepared";
  /**
   * `texture`: the device holds it as a 2-D texture of four elements a texel, padded with zeros. Kernels sample
   * it, or read it as a storage texture. `uniform`: a uniform buffer.
   */
  readonly storage: { readonly kind: "buffer" | "uniform" } | TextureSpec;
}

export interface TextureSpec {
  readonly kind: "texture";
  readonly layout: TextureLayout;
  readonly access: "sample" | "read";
}

export interface Launch {
  /** Name of the kernel, and of the function in `source`. */
  readonly name: string;
  /** The compute entry point of WGSL. Default "main". */
  readonly entryPoint?: string;
  /** True if it runs once, when the inputs that it reads are bound or prepared. */
  readonly prepares: boolean;
  /** WGSL of one module, or JavaScript of one function body. */
  readonly source: string;
  readonly workgroupSize: readonly [number, number, number];
  /** Workgroups in x, y, z before folding. */
  readonly grid: readonly [ExprJson, ExprJson, ExprJson];
  /** True if x beyond the device's limit is folded into z; then the uniforms end with the x count. */
  readonly folded: boolean;
  /** In the order of their binding numbers from 0. */
  readonly bindings: readonly { readonly name: string; readonly access: Binding["access"] }[];
  /** Names of the shape variables in the uniform buffer (i32 each), whose binding number follows the last buffer's. */
  readonly uniforms: readonly string[];
  /**
   * For each loop of an invocation its extent and those of the loops around it. Drivers that end an invocation
   * after so many turns do it silently, so they are counted when the shapes are known.
   */
  readonly loops: readonly (readonly ExprJson[])[];
  readonly f16: boolean;
  /** Workgroup memory of one workgroup, bytes. */
  readonly sharedBytes: number;
}

export interface Executable {
  readonly name: string;
  readonly language: KernelLanguage;
  readonly shapeVars: readonly string[];
  readonly buffers: readonly BufferSpec[];
  /** Run in order. */
  readonly launches: readonly Launch[];
}
