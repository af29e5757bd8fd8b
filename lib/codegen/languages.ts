/** The languages that kernels are printed in. A new language is a new row. */
import { LowerError } from "../lower/error.ts";
import type { Kernel } from "../lower/kernel.ts";
import type { KernelLanguage } from "../target/capabilities.ts";
import type { Target } from "../target/target.ts";
import type { Launch } from "./executable.ts";
import { printJavaScript } from "./js/print_javascript.ts";
import { printWasm } from "./wasm/print_wasm.ts";
import { printWgsl } from "./wgsl/print_wgsl.ts";
import { usesSubgroups } from "./wgsl/uses_feature.ts";

/** How kernels become source in one language. */
export interface LanguageBackend {
  /** Prints a kernel for a target of this language: one module, or the body of one JavaScript function. */
  readonly print: (kernel: Kernel, target: Target) => Printed;
}

/** What a launch has of its kernel. */
export type Printed = Pick<Launch, "source" | "module" | "scratchBytes">;

/** The backend of each language. */
export const LANGUAGES: Readonly<Record<KernelLanguage, LanguageBackend>> = {
  wgsl: { print: (kernel, target) => ({ source: printWgsl(kernel, directivesOf(kernel, target)) }) },
  wasm: {
    print(kernel, target) {
      refuseTextures(kernel, target, "WebAssembly");
      const { bytes, text, scratchBytes } = printWasm(kernel, target.relaxedSimd ?? false);
      return { source: text, module: bytes.toBase64(), scratchBytes };
    },
  },
  js: {
    print(kernel, target) {
      refuseTextures(kernel, target, "JavaScript");
      return { source: printJavaScript(kernel) };
    },
  },
};

function refuseTextures(kernel: Kernel, target: Target, language: string): void {
  const texture = kernel.bindings.find((b) => b.texture);
  if (!texture) return;
  throw new LowerError(
    `cannot print ${kernel.name} as ${language}: expected inputs in global memory, got ${texture.buffer.name} in a ` +
      `texture, as ${target.name} is said to have textures (${target.textures}); compile for device.target`,
  );
}

/** The `enable` directives that the target's WGSL compiler asks for, beyond f16. */
function directivesOf(kernel: Kernel, target: Target): readonly string[] {
  return target.subgroups?.directive && usesSubgroups(kernel) ? ["subgroups"] : [];
}
