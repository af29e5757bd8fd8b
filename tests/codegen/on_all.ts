/** Runs programs at both levels of each device, and compares their elements. */
import { assert, assertEquals } from "@std/assert";
import { compile } from "../../lib/codegen/compile.ts";
import { fallback } from "../../lib/dlight/fallback/fallback.ts";
import { rules, schedule } from "../../lib/dlight/schedule.ts";
import type { ScalarType } from "../../lib/ir/dtype.ts";
import type { Expr } from "../../lib/ir/expr.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import type { Inputs } from "../../lib/runtime/arguments.ts";
import type { Device } from "../../lib/runtime/device.ts";
import { compute } from "../../lib/te/compute.ts";
import { placeholder } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";
import { devices, nameOf, otherCpus } from "../devices.ts";

export type Numbers = ArrayLike<number> & Iterable<number>;

export const LEVELS = { "level 0": [fallback], "level 1": rules } as const;

export async function results(func: PrimFunc, device: Device, level: keyof typeof LEVELS, inputs: Inputs) {
  using program = await device.load(
    compile(schedule(func, device.target, LEVELS[level]).func, device.target),
  );
  return await program.run(inputs);
}

/** Runs at both levels of each device; `hold` is given each element of the only output. */
export async function onAll(func: PrimFunc, inputs: Inputs, hold: (got: Numbers, where: string) => void) {
  for (const device of [...devices, ...otherCpus]) {
    for (const level of Object.keys(LEVELS) as (keyof typeof LEVELS)[]) {
      const [got] = Object.values(await results(func, device, level, inputs));
      assert(got);
      hold(got, `${nameOf(device)}, ${level}`);
    }
  }
}

/** A program of one input for each of `args`, elementwise. */
export function elementwise(
  n: number,
  dtypes: readonly ScalarType[],
  element: (...args: readonly Expr[]) => Expr,
): PrimFunc {
  const given = dtypes.map((dtype, k) => placeholder(`A${k}`, [n], dtype));
  return primFunc("floats", [...given, compute("C", [n], (i) => element(...given.map((t) => t.at(i))))]);
}

export function assertSame(got: Numbers, wanted: readonly number[], where: string): void {
  const text = (x: number) => Object.is(x, -0) ? "-0" : `${x}`;
  assertEquals([...got].map(text), wanted.map(text), where);
}

/** All elements within `relative` of their size, or `absolute`. */
export function assertNear(
  got: Numbers,
  wanted: readonly number[],
  relative: number,
  absolute: number,
  where: string,
): void {
  wanted.forEach((w, k) => {
    const g = got[k] as number;
    const near = Object.is(g, w) || g === w || Math.abs(g - w) <= Math.max(absolute, relative * Math.abs(w));
    assert(near, `element ${k} is ${g}, and should be ${w}, on ${where}`);
  });
}
