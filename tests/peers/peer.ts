/** What the benchmark asks of another library. One file a library: jax.ts, tfjs.ts, onnx.ts, onnx_cpu.ts. */
import type { Buffer } from "../../lib/ir/expr.ts";
import { evaluate, exprToJson } from "../../lib/ir/json.ts";
import { randomInputs } from "../../lib/measure/random_inputs.ts";
import type { TypedArray } from "../../lib/runtime/arrays.ts";
import { programOf, type Work } from "../bench/operators.ts";
import type { Runner } from "../bench/race.ts";
import config from "./deno.json" with { type: "json" };

/** The adapter of peers that run on the CPU. */
export const CPU = "CPU";

/** A library that is loaded and has a WebGPU device, or runs on the CPU. */
export interface Peer {
  readonly version: string;
  /** Its device's own description, or `CPU`. */
  readonly adapter: string;
  /** True for what is shown beside the others, and isn't compared with. */
  readonly isMark?: boolean;
  /**
   * Puts the arguments on the device, laid out as the library likes them best, and makes the operator ready; says
   * why where the library has none such. Nothing but the operator runs after that: no upload, no download.
   */
  prepare(problem: Problem): Promise<Ready | Lacking>;
}

/** Why a library has no such operator. */
export interface Lacking {
  readonly lacks: string;
}

export function isLacking(x: object): x is Lacking {
  return "lacks" in x;
}

/** An operator with its arguments. */
export interface Problem {
  readonly work: Work;
  /** In the order of the program's parameters. */
  readonly args: readonly Argument[];
  /** Shape of the result. */
  readonly result: readonly number[];
}

/** An operator that is ready to run. */
export interface Ready extends Runner, AsyncDisposable {
  /** The result of one run. */
  read(): Promise<TypedArray>;
}

/** An input with its shape. */
export interface Argument {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

/** An operator with random arguments. */
export function problemOf(work: Work, seed: number): Problem {
  const func = programOf(work);
  const inputs = randomInputs(func, seed);
  const sizes = (b: Buffer | undefined) => b?.shape.map((d) => evaluate(exprToJson(d), {})) ?? [];
  const args = func.params.flatMap((b) => {
    const data = inputs[b.name];
    return data ? [{ name: b.name, shape: sizes(b), data }] : [];
  });
  return { work, args, result: sizes(func.params.at(-1)) };
}

/** The version of a package that this folder's import map pins. */
export function versionOf(specifier: keyof typeof config.imports): string {
  return /@(\d[^/]*)/.exec(config.imports[specifier])?.[1] ?? "unknown";
}

/** @throws {Error} for a device that is not there, as libraries go on with another kind of their own then */
export function described(device: GPUDevice | undefined): string {
  if (!device) throw new Error("it has found no WebGPU device");
  return device.adapterInfo.description;
}

/** The first line of what went wrong. */
export function messageOf(e: unknown): string {
  return (e instanceof Error ? e.message : `${e}`).split("\n")[0] ?? "";
}
