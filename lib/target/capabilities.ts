/** The capabilities of each kernel language. Targets take them from this table only. */

/** The languages that kernels are printed in: WebGPU's shading language, or WebAssembly or JavaScript on the CPU. */
export type KernelLanguage = "wgsl" | "wasm" | "js";

/** What lowering and code generation ask of a target, instead of what kind of device it is. */
export interface Capabilities {
  /** The language of its kernels. */
  readonly language: KernelLanguage;
  /** Elements of the widest vector that a kernel computes with; 1: kernels have no vectors. */
  readonly lanes: 1 | 4;
  /** True if kernels read small inputs from uniform buffers; otherwise such inputs lie in global memory. */
  readonly uniforms: boolean;
  /** True if dividing unsigned integers is faster than rounding the quotient of signed ones down. */
  readonly unsignedDivision: boolean;
}

/** Whether kernels of a language access single bytes and halves of words in memory. WGSL has words alone. */
export const HAS_BYTES: Readonly<Record<KernelLanguage, boolean>> = { wgsl: false, wasm: true, js: true };

/** The capabilities of each language. */
export const CAPABILITIES: Readonly<Record<KernelLanguage, Capabilities>> = {
  wgsl: { language: "wgsl", lanes: 4, uniforms: true, unsignedDivision: true },
  // A CPU reads every input from memory.
  wasm: { language: "wasm", lanes: 4, uniforms: false, unsignedDivision: true },
  // Generated JavaScript divides doubles.
  js: { language: "js", lanes: 1, uniforms: false, unsignedDivision: false },
};
