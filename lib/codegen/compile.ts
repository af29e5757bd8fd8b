/** From a scheduled program to an executable: lowered, printed, with its launch plan. */
import { TOO_DEEP, withinStack } from "../base/within_stack.ts";
import { isInPlace, outputsOf } from "../ir/parameters.ts";
import type { Buffer } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { exprToJson } from "../ir/json.ts";
import { loopNests, sharedBytes } from "../lower/check_limits.ts";
import { LimitError, LowerError } from "../lower/error.ts";
import { WasmRefusal } from "./wasm/print_wasm.ts";
import { isWritten, type Kernel } from "../lower/kernel.ts";
import { lowerFor, type LowerOptions } from "../lower/pipeline.ts";
import { CAPABILITIES } from "../target/capabilities.ts";
import type { Target } from "../target/target.ts";
import type { BufferSpec, Executable, Launch } from "./executable.ts";
import { LANGUAGES } from "./languages.ts";
import { identifier } from "./names.ts";
import { usesF16 } from "./wgsl/uses_feature.ts";
import { storageOf } from "../ir/stored.ts";

/**
 * Compiles a scheduled program for `target`, in the target's language.
 *
 * @throws {VerifyError} for a program that is not well formed
 * @throws {LowerError} where the schedule can't be made into kernels
 * @throws {LimitError} where a kernel exceeds the target's limits
 */
export function compile(func: PrimFunc, target: Target, options: LowerOptions = {}): Executable {
  return withinStack(
    () => {
      const compileFor = (given: Target) => {
        const { func: bound, kernels } = lowerFor(func, given, options);
        return assembleExecutable(bound, kernels, given);
      };
      if (target.language !== "wasm") return compileFor(target);
      try {
        return compileFor(target);
      } catch (e) {
        if (!(e instanceof WasmRefusal)) throw e;
        // JavaScript has no limits; such launches have no module, by which a device tells them.
        return { ...compileFor({ ...target, ...CAPABILITIES.js }), language: target.language };
      }
    },
    () => new LowerError(`cannot compile ${func.name}: ${TOO_DEEP}`),
  );
}

/**
 * Makes the executable of a program from its lowered kernels.
 *
 * @throws {LimitError} where a kernel computes in f16 and the target does not
 */
export function assembleExecutable(func: PrimFunc, kernels: readonly Kernel[], target: Target): Executable {
  const outputs = new Set(outputsOf(func));
  const prepared = new Set(
    kernels.filter((k) => k.prepares).flatMap((k) => k.bindings.filter(isWritten).map((b) => b.buffer)),
  );
  const globals = func.allocs.filter((b) => b.scope === "global");
  const spec = (b: Buffer, role: BufferSpec["role"]): BufferSpec => {
    const binding = kernels.flatMap((k) => k.bindings).find((x) => x.buffer.name === b.name);
    return {
      name: b.name,
      dtype: storageOf(b),
      shape: b.shape.map(exprToJson),
      ...(b.given ? { given: b.given.map(exprToJson) } : {}),
      role,
      storage: binding?.texture
        ? {
          kind: "texture",
          layout: binding.texture,
          access: binding.access === "sample" ? "sample" : "read",
        }
        : { kind: b.scope === "uniform" && target.uniforms ? "uniform" : "buffer" },
    };
  };
  return {
    name: func.name,
    language: target.language,
    shapeVars: func.shapeVars.map((v) => v.name),
    buffers: [
      ...func.params.map((b) =>
        spec(b, isInPlace(func, b) ? "inPlace" : outputs.has(b) ? "output" : "input")
      ),
      ...globals.map((b) => spec(b, prepared.has(b) ? "prepared" : "temp")),
    ],
    launches: kernels.map((k) => launch(k, target)),
    ...(func.requires.length > 0 ? { requires: func.requires } : {}),
  };
}

function launch(kernel: Kernel, target: Target): Launch {
  const [x, y, z] = kernel.grid;
  const f16 = usesF16(kernel);
  if (f16 && !target.f16) {
    throw new LimitError(
      `cannot run ${kernel.name} on ${target.name}: it computes in f16, for which the device lacks the feature ` +
        `shader-f16, or computes wrongly; use f32`,
    );
  }
  return {
    name: identifier(kernel.name),
    prepares: kernel.prepares,
    ...LANGUAGES[target.language].print(kernel, target),
    workgroupSize: kernel.workgroupSize,
    grid: [exprToJson(x), exprToJson(y), exprToJson(z)],
    folded: kernel.folded,
    sharedBytes: sharedBytes(kernel),
    bindings: kernel.bindings.map((b) => ({ name: b.buffer.name, access: b.access })),
    uniforms: kernel.uniforms.map((v) => v.name),
    loops: loopNests(kernel).map((nest) => nest.map(exprToJson)),
    f16,
  };
}
