/** Inputs of operators with their values, and checks of what operators compute from them. */
import { assertEquals } from "@std/assert";
import type { ScalarType } from "../../lib/ir/dtype.ts";
import { printExpr } from "../../lib/ir/print.ts";
import { verifyFunc } from "../../lib/ir/verify.ts";
import type { NumberArray, Shapes } from "../../lib/interp/interpret.ts";
import * as te from "../../lib/face/te.ts";
import { assertEverywhere } from "./everywhere.ts";
import { assertComputes, Random } from "./reference.ts";

/** An input of a program, its values, and its shape as numbers. */
export class Drawn {
  constructor(
    readonly tensor: te.Tensor,
    readonly shape: readonly number[],
    readonly array: NumberArray,
  ) {}

  /** The element at a position; NaN outside of the tensor. */
  at(...position: readonly number[]): number {
    const inside = position.length === this.shape.length &&
      position.every((i, d) => i >= 0 && i < (this.shape[d] as number));
    const flat = position.reduce((sum, i, d) => sum * (this.shape[d] as number) + i, 0);
    return inside ? this.array[flat] ?? NaN : NaN;
  }
}

export const ARRAYS = {
  f32: Float32Array,
  f16: Float16Array,
  i32: Int32Array,
  u32: Uint32Array,
  bool: Uint32Array,
} as const;

/** How an input is drawn. */
export interface Drawing {
  readonly dtype?: ScalarType;
  readonly seed?: number;
  /** The values of shape variables. */
  readonly shapes?: Shapes;
  /** Integers are drawn from here; floats are scaled from -2 … 2 to it. */
  readonly from?: number;
  readonly below?: number;
}

/** An input of random values: floats of -2 … 2, integers of -100 … 99, words, 0 or 1; or those of a range. */
export function drawn(name: string, dims: readonly (number | string)[], drawing: Drawing = {}): Drawn {
  const { dtype = "f32", seed = 1, shapes = {}, from, below } = drawing;
  const shape = dims.map((d) => typeof d === "number" ? d : shapes[d] ?? NaN);
  const random = new Random(seed + name.charCodeAt(0));
  const values = Array.from(
    { length: shape.reduce((a, b) => a * b, 1) },
    () => valueOf(dtype, random, from, below),
  );
  return given(name, dims, shape, values, dtype, from, below);
}

function valueOf(dtype: ScalarType, random: Random, from?: number, below?: number): number {
  const word = random.next(), share = word / 2 ** 32;
  if (dtype === "f32" || dtype === "f16") return (from ?? -2) + share * ((below ?? 2) - (from ?? -2));
  const least = from ?? (dtype === "i32" ? -100 : 0);
  const end = below ?? (dtype === "i32" ? 100 : dtype === "u32" ? 2 ** 32 : 2);
  return least + Math.floor(share * (end - least));
}

/** An input of these values, with the domain they are from where there is one. */
export function given(
  name: string,
  dims: readonly (number | string)[],
  shape: readonly number[],
  values: readonly number[],
  dtype: ScalarType = "f32",
  from?: number,
  below?: number,
): Drawn {
  const domain = below === undefined ? undefined : { below, ...(from === undefined ? {} : { from }) };
  return new Drawn(te.placeholder(name, dims, dtype, domain), shape, new ARRAYS[dtype](values));
}

/** A tensor's dtype and shape as text: `f32[n, 6*m]`. */
export function shown(t: te.Tensor): string {
  return `${t.dtype}[${t.shape.map((d) => printExpr(d).replaceAll(" ", "")).join(", ")}]`;
}

/** What a check may be told. */
export interface Checking {
  readonly shapes?: Shapes;
  /** As it is written only, or as all rules schedule it on all devices too. */
  readonly everywhere?: boolean;
  readonly tolerance?: number;
  /** Of the program itself, in doubles. */
  readonly exact?: number;
}

/** Checks the results of a program on inputs; results are in the order of their tensors. */
export async function assertResults(
  inputs: readonly Drawn[],
  results: readonly te.Tensor[],
  wanted: readonly (readonly number[])[],
  { shapes = {}, everywhere = true, tolerance = 2e-5, exact = 1e-9 }: Checking = {},
): Promise<void> {
  const f = te.primFunc("f", [...inputs.map((d) => d.tensor), ...results]);
  assertEquals(results.length, wanted.length);
  const arrays = Object.fromEntries(inputs.map((d) => [d.tensor.name, d.array]));
  const named = Object.fromEntries(results.map((t, k) => [t.name, wanted[k] ?? []]));
  const own = Object.fromEntries(f.shapeVars.map((v) => [v.name, shapes[v.name] ?? NaN]));
  if (everywhere) return await assertEverywhere(f, arrays, named, own, tolerance);
  verifyFunc(f);
  assertComputes(f, arrays, named, own, exact);
}
