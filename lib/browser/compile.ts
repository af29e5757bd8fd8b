import { checkArgument } from "../base/check_options.ts";
import { compile as compileFor } from "../codegen/compile.ts";
import type { Executable } from "../codegen/executable.ts";
import type { PrimFunc } from "../ir/func.ts";
import { programKind } from "../ir/kinds.ts";
import { targetKind } from "../target/kinds.ts";
import type { Target } from "../target/target.ts";

/**
 * Compiles a scheduled program for a target: WGSL for a GPU, WebAssembly or JavaScript for the CPU.
 *
 * @throws {OptionError} for an argument of a wrong kind
 * @throws {LowerError} if the schedule can't be lowered to kernels
 * @throws {LimitError} if a kernel exceeds a limit of the device
 */
export function compile(func: PrimFunc, target: Target): Executable {
  checkArgument("compile", "func", func, programKind);
  checkArgument("compile", "target", target, targetKind);
  return compileFor(func, target);
}
