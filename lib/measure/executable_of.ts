/** Compiles candidates to executables; a candidate that can't be compiled is a failure with its reason. */
import { isStackOverflow, TOO_DEEP } from "../base/within_stack.ts";
import { TunebookError } from "../base/error.ts";
import { compile } from "../codegen/compile.ts";
import type { BufferSpec, Executable } from "../codegen/executable.ts";
import type { PrimFunc } from "../ir/func.ts";
import { exprToJson } from "../ir/json.ts";
import { isInPlace, outputsOf } from "../ir/parameters.ts";
import { LimitError } from "../lower/error.ts";
import { CompileError } from "../runtime/error.ts";
import { ScheduleError } from "../schedule/error.ts";
import { replay } from "../schedule/trace.ts";
import { RejectedConfig } from "../space/knobs.ts";
import type { Target } from "../target/target.ts";
import type { KernelSource } from "./kernel_source.ts";
import type { Failed, Failure } from "./measurement.ts";
import type { Candidate } from "./measuring.ts";
import { storageOf } from "../ir/stored.ts";

/** The executable of a candidate for `func` on `target`, or where and why it failed. */
export function executableOf(func: PrimFunc, candidate: Candidate, target: Target): Executable | Failed {
  return attempt(() =>
    "source" in candidate
      ? ofSource(func, candidate.source, target)
      : compile(replay(candidate.program ?? func, candidate.trace), target)
  );
}

/** Calls `make`. One of Tunebook's errors becomes a failure. */
export function attempt<T>(make: () => T): T | Failed {
  try {
    return make();
  } catch (e) {
    if (isStackOverflow(e)) return { status: "lower", message: TOO_DEEP, compileMs: NaN };
    if (!(e instanceof TunebookError)) throw e;
    return { status: failureOf(e), message: e.message, compileMs: NaN };
  }
}

function failureOf(e: TunebookError): Failure {
  if (e instanceof RejectedConfig || e instanceof ScheduleError) return "instantiate";
  if (e instanceof CompileError) return "compile";
  return e instanceof LimitError ? "verify" : "lower";
}

function ofSource(func: PrimFunc, kernel: KernelSource, target: Target): Executable {
  if (target.language !== "wgsl") {
    throw new CompileError(
      `expected a WebGPU device for WGSL source, got ${target.name}, running ${func.name}; open the device with ` +
        `backend: "webgpu", or give a template`,
    );
  }
  const outputs = new Set(outputsOf(func).map((b) => b.name));
  const names = func.params.map((b) => b.name);
  const { bindings = names, entryPoint = "main", uniforms = [], workgroups } = kernel;
  const unknown = bindings.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new CompileError(
      `expected bindings among ${names.join(", ")}, got ${unknown}, running source for ${func.name}`,
    );
  }
  return {
    name: func.name,
    language: "wgsl",
    shapeVars: func.shapeVars.map((v) => v.name),
    buffers: func.params.map((b): BufferSpec => ({
      name: b.name,
      dtype: storageOf(b),
      shape: b.shape.map(exprToJson),
      role: isInPlace(func, b) ? "inPlace" : outputs.has(b.name) ? "output" : "input",
      storage: { kind: "buffer" },
    })),
    launches: [{
      name: func.name,
      entryPoint,
      prepares: false,
      source: kernel.source,
      // The source states its workgroup size; the driver checks it against the device's limits.
      workgroupSize: [1, 1, 1],
      grid: workgroups,
      folded: false,
      bindings: bindings.map((name) => ({ name, access: outputs.has(name) ? "readWrite" : "read" })),
      uniforms,
      loops: [],
      f16: false,
      sharedBytes: 0,
    }],
  };
}
