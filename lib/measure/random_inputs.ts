/** Makes random inputs for a program, the same for the same seed. */
import type { ScalarType } from "../ir/dtype.ts";
import type { Buffer, Expr } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { evaluate, exprToJson } from "../ir/json.ts";
import { inputsOf } from "../ir/parameters.ts";
import type { Shapes } from "../runtime/arguments.ts";
import { type TypedArray, zeros } from "../runtime/arrays.ts";

/**
 * Random arguments by name: floats uniform in [-1, 1), u32 any word (packed weights are words), i32 in
 * [-100, 100), bool 0 or 1.
 */
export function randomInputs(func: PrimFunc, seed: number, shapes: Shapes = {}): Record<string, TypedArray> {
  return Object.fromEntries(
    inputsOf(func).map((b, k) => {
      const array = zeros(b.dtype, elements(b, shapes));
      const next = xorshift(seed * 7919 + k + 1);
      for (let i = 0; i < array.length; i++) array[i] = DRAW[b.dtype](next());
      return [b.name, array];
    }),
  );
}

/** Elements of a buffer for given shapes. */
export function elements(b: Buffer, shapes: Shapes): number {
  return b.shape.reduce<number>((n, d: Expr) => n * evaluate(exprToJson(d), shapes), 1);
}

const DRAW: Readonly<Record<ScalarType, (word: number) => number>> = {
  f32: (w) => w / 2 ** 31 - 1,
  f16: (w) => w / 2 ** 31 - 1,
  u32: (w) => w,
  i32: (w) => (w % 200) - 100,
  bool: (w) => w >>> 31,
};

/** Marsaglia's xorshift32: simple and fast, which is enough for test data. */
function xorshift(seed: number): () => number {
  let x = (Math.imul(seed, 2654435761) ^ 0x9e3779b9) >>> 0 || 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>>= 0;
  };
}
