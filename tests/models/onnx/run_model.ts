/** Runs ONNX models of tests, and plain references of operators. */
import { assertEquals } from "@std/assert";
import { stored } from "../../../lib/models/onnx/context.ts";
import { type OnnxReadOptions, read } from "../../../lib/models/onnx/read.ts";
import { interpretGraph } from "../../../lib/relax/interpret_graph.ts";
import type { TypedArray } from "../../../lib/runtime/arrays.ts";
import type { Device } from "../../../lib/runtime/device.ts";
import { buildGraph } from "../../../lib/tuning/build_graph.ts";
import { modelBytes, type TestModel, type TestTensor } from "./write_model.ts";

/** The outputs of a model, by their names in the model. */
export type Outputs = Readonly<Record<string, readonly number[]>>;

/** Reads a model and runs it: by the interpreter, or on a device. */
export async function runModel(
  model: TestModel,
  given: Readonly<Record<string, TestTensor>>,
  { device, shapes = {}, bounds = shapes, ...options }:
    & { readonly device?: Device; readonly bounds?: Readonly<Record<string, number>> }
    & { readonly shapes?: Readonly<Record<string, number>> }
    & Omit<OnnxReadOptions, "shapes"> = {},
): Promise<Outputs> {
  const { graph, weights, inputs, outputs } = read(modelBytes(model), options);
  const arrays = Object.fromEntries(
    inputs.map(({ name, as, type }) => [as, stored(type, given[name]?.data ?? [], name)]),
  );
  const run = async () => {
    if (!device) return interpretGraph(graph, { ...weights, ...arrays }, shapes);
    using program = await buildGraph(graph, device, { weights, bounds });
    return await program.run(arrays as Record<string, TypedArray>, shapes);
  };
  const made = await run();
  return Object.fromEntries(outputs.map(({ name, as }) => [name, Array.from(made[as] ?? [])]));
}

/** Checks that numbers are near others. */
export function near(got: ArrayLike<number> | undefined, wanted: ArrayLike<number>, tolerance = 1e-5): void {
  assertEquals(got?.length, wanted.length);
  for (let k = 0; k < wanted.length; k++) {
    const x = got?.[k] as number, y = wanted[k] as number;
    const off = Math.abs(x - y), most = tolerance + tolerance * Math.abs(y);
    if (!Object.is(x, y) && x !== y && !(off <= most)) {
      throw new Error(`element ${k}: expected ${y}, got ${x}`);
    }
  }
}

/** Makes numbers that look random, between -1 and 1, always the same. */
export function noise(size: number, seed = 1): number[] {
  let state = seed * 2654435761 >>> 0;
  return Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.fround(state / 2 ** 31 - 1);
  });
}

/** The number of elements of a shape. */
export const sizeOf = (dims: readonly number[]) => dims.reduce((n, d) => n * d, 1);

/** The index of a position; undefined outside of the shape. */
export function indexOf(dims: readonly number[], at: readonly number[]): number | undefined {
  if (at.some((i, d) => !(i >= 0 && i < (dims[d] as number)))) return undefined;
  return at.reduce((k, i, d) => k * (dims[d] as number) + i, 0);
}

/** Computes the elements of a shape from their positions. */
export function filled(dims: readonly number[], f: (at: readonly number[]) => number): number[] {
  return Array.from({ length: sizeOf(dims) }, (_, k) => f(positionOf(dims, k)));
}

/** All positions of a shape, in order. */
export function positions(dims: readonly number[]): readonly (readonly number[])[] {
  return Array.from({ length: sizeOf(dims) }, (_, k) => positionOf(dims, k));
}

function positionOf(dims: readonly number[], k: number): number[] {
  const at = dims.map(() => 0);
  for (let d = dims.length - 1, rest = k; d >= 0; d--) {
    at[d] = rest % (dims[d] as number);
    rest = Math.floor(rest / (dims[d] as number));
  }
  return at;
}
