/** What operators should compute, written straightforwardly in doubles; nothing of it is the library's. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { type Arrays, interpret, type NumberArray, type Shapes } from "../../lib/interp/interpret.ts";

/** Arguments: floats of -2 … 2 in the arrays of their dtype, from a seed. */
export class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = (Math.imul(seed, 2654435761) ^ 0x9e3779b9) >>> 0 || 1;
  }
  /** Marsaglia's xorshift32. */
  next(): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return this.#state >>>= 0;
  }
  floats(size: number, dtype: "f32"): Float32Array;
  floats(size: number, dtype: "f32" | "f16"): Float32Array | Float16Array;
  floats(size: number, dtype: "f32" | "f16"): Float32Array | Float16Array {
    return (dtype === "f32" ? new Float32Array(size) : new Float16Array(size)).map(() =>
      this.next() / 2 ** 30 - 2
    );
  }
}

export const arbSeed = fc.nat();
export const arbSize = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(16, 17, 31, 33));
export const arbDtype = fc.constantFrom("f32" as const, "f16" as const);

/** A dimension as a number, or as a shape variable of its own that takes this value. */
export interface Given {
  readonly dim: number | string;
  readonly value: number;
}
export function arbGiven(name: string, size: fc.Arbitrary<number> = arbSize): fc.Arbitrary<Given> {
  return fc.tuple(size, fc.boolean()).map(([value, symbolic]) => ({ dim: symbolic ? name : value, value }));
}
/** The values of those that are shape variables. */
export function shapesOf(...given: readonly Given[]): Shapes {
  return Object.fromEntries(
    given.flatMap(({ dim, value }) => typeof dim === "string" ? [[dim, value]] : []),
  );
}

/** Runs `f` and compares its results with `wanted`, which are in the order of its outputs. */
export function assertComputes(
  f: PrimFunc,
  inputs: Arrays,
  wanted: Readonly<Record<string, readonly number[]>>,
  shapes: Shapes = {},
  tolerance = 1e-12,
): void {
  const got = interpret(f, inputs, { shapes });
  assertEquals(Object.keys(got), Object.keys(wanted));
  for (const [name, want] of Object.entries(wanted)) {
    assertClose(got[name], want, tolerance, `${name} of\n${f}`);
  }
}

/** All elements are equal up to `tolerance` of their size, or of 1. */
export function assertClose(
  got: NumberArray | undefined,
  want: readonly number[],
  tolerance: number,
  what: string,
): void {
  assertEquals(got?.length, want.length, what);
  want.forEach((w, k) => {
    const g = got?.[k] ?? NaN;
    const near = Object.is(g, w) || Math.abs(g - w) <= tolerance * Math.max(1, Math.abs(w));
    assert(near, `element ${k} is ${g}, and should be ${w}: ${what}`);
  });
}

/** The list of `f` over all positions of a tensor, row by row. */
export function tensor(shape: readonly number[], f: (...at: number[]) => number): readonly number[] {
  const size = shape.reduce((a, b) => a * b, 1);
  return Array.from({ length: size }, (_, flat) => {
    const at: number[] = [];
    let rest = flat;
    for (const d of shape.toReversed()) {
      at.unshift(rest % d);
      rest = Math.floor(rest / d);
    }
    return f(...at);
  });
}

/** The sum of `f(0) … f(n-1)`. */
export function total(n: number, f: (k: number) => number): number {
  let sum = 0;
  for (let k = 0; k < n; k++) sum += f(k);
  return sum;
}

/** Element [row, column] of a matrix whose rows have `width` elements. */
export function at(data: NumberArray | Int8Array, width: number, row: number, column: number): number {
  return data[row * width + column] ?? NaN;
}

/** Element [row, column] of 4-bit weights with `k` columns, by MLC's layout: 32 to a scale, 8 to a word. */
export function decodeQ4(
  W_q: Uint32Array,
  W_scale: NumberArray,
  k: number,
  row: number,
  column: number,
): number {
  const groups = Math.ceil(k / 32);
  const word = W_q[row * groups * 4 + Math.floor(column / 8)] ?? 0;
  const nibble = Math.floor(word / 16 ** (column % 8)) % 16;
  return (nibble - 7) * at(W_scale, groups, row, Math.floor(column / 32));
}

/** The error function, to 1e-14: by the series of DLMF 7.6.2, and 1 where that is as near. */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x, sum = x;
  for (let n = 1; n < 300; n++) {
    term *= 2 * x * x / (2 * n + 1);
    sum += term;
  }
  return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
}

export const ACTIVATION = {
  none: (x: number) => x,
  relu: (x: number) => Math.max(x, 0),
  relu6: (x: number) => Math.min(Math.max(x, 0), 6),
  silu: (x: number) => x / (1 + Math.exp(-x)),
  gelu: (x: number) => x * (1 + erf(x / Math.SQRT2)) / 2,
  gelu_tanh: (x: number) => x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
} as const;
export const arbActivation = fc.constantFrom(
  ...Object.keys(ACTIVATION) as (keyof typeof ACTIVATION)[],
);
