/**
 * Tunebook for a page: programs, rules, kernels and measurements on the browser's own WebGPU. Results are rows, and
 * nothing of it needs Deno. `deno task bundle` makes a script of it, which a page without a bundler loads.
 *
 * ```ts
 * import { build, Device, te } from "tunebook/browser";
 *
 * using device = await Device.open();
 * using program = await build(te.matmul({ m: 2, n: 2, k: 2 }), device);
 * const A = new Float32Array([1, 2, 3, 4]), B = new Float32Array([5, 6, 7, 8]);
 * const { C } = await program.run({ A, B });
 * console.assert(program.built.rule === "Matmul" && C?.join() === "19,22,43,50");
 * ```
 *
 * @module
 */
/** What to compute: operators as programs, and tensors as functions of positions. A page has no suites of them. */
export * as te from "./programs.ts";
/** The arithmetic that an operator of one's own is made of. */
export * as expr from "../te/expr.ts";
/** Rules that encode what is known to be good: no search, no device, milliseconds. */
export * as dlight from "../browser/dlight.ts";
export type * from "./types.ts";
export { PrimFunc } from "../ir/func.ts";
export { Schedule } from "../schedule/schedule.ts";
export { replay } from "../schedule/trace.ts";
export { lower, type LowerOptions } from "../lower/pipeline.ts";
export { compile } from "../browser/compile.ts";
export type { Executable } from "../codegen/executable.ts";
export { Device, type DeviceOptions } from "../runtime/device.ts";
export type { DeviceTensor } from "../runtime/device_tensor.ts";
export type { MemoryKind, MemoryUse } from "../runtime/ledger.ts";
export type { Program } from "../runtime/program.ts";
export type { Prepared } from "../runtime/prepared.ts";
export type { Bound, HeldBytes, Spent } from "../runtime/backend.ts";
export type { Inputs, Shapes } from "../runtime/arguments.ts";
export type { Limits, Peaks, Profile, Subgroups, Target } from "../target/target.ts";
export { build, type BuildOptions, type BuiltProgram } from "../browser/build.ts";
export type { Built, Level } from "../tuning/built.ts";
export { compare, type ComparedRow, type CompareOptions } from "../browser/compare.ts";
export type { OwnMethod, OwnSource } from "../tuning/methods.ts";
export type { Progress, Reporter } from "../tuning/reporter.ts";
