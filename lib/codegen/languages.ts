/** The languages that kernels are printed in. A new language is a new row. */
import { LowerError } from "../lower/error.ts";
import type { Kernel } from "../lower/kernel.ts";
import type { KernelLanguage } from "../target/capabilities.ts";
import type { Target } from "../target/target.ts";
import { printJavaScript } from "./js/print_javascript.ts";
import { printWgsl } from "./wgsl/print_wgsl.ts";
import { usesSubgroups } from "./wgsl/uses_feature.ts";

/** How kernels become source in one language. */
export interface LanguageBackend {
  /** Prints a kernel for a target of this language: one WGSL module, or the body of one JavaScript function. */
  readonly print: (kernel: Kernel, target: Target) => string;
}

/** The backend of each language. */
export const LANGUAGES: Readonly<Record<KernelLanguage, LanguageBackend>> = {
  wgsl: { print: (kernel, target) => printWgsl(kernel, directivesOf(kernel, target)) },
  js: {
    print(kernel, target) {
      const texture = kernel.bindings.find((b) => b.texture);
      if (!texture) return printJavaScript(kernel);
      throw new LowerError(
        `cannot print ${kernel.name} as JavaScript: expected inputs in global memory, got ${texture.buffer.name} in a ` +
          `texture, as ${target.name} is said to have textures (${target.textures}); compile for device.target`,
      );
    },
  },
};

/** The `enable` directives that the target's WGSL compiler asks for, beyond f16. */
function directivesOf(kernel: Kernel, target: Target): readonly string[] {
  return target.subgroups?.directive && usesSubgroups(kernel) ? ["subgroups"] : [];
}
