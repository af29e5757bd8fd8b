/** Sizes of linked values, as expressions of shape variables. */
import type { ExprJson } from "../ir/json.ts";
import type { BufferSpec } from "./executable.ts";
import { storageBytes } from "../ir/stored.ts";

/** Bytes of a buffer in whole vectors of four words, which any kernel may bind it as. */
export function bytesIn({ dtype, shape }: Pick<BufferSpec, "dtype" | "shape">): ExprJson {
  return product(["floordiv", sum(product(elementsIn(shape), storageBytes(dtype)), 15), 16], 16);
}

/** Texels of four elements that hold a value. */
export function texelsIn({ shape }: Pick<BufferSpec, "shape">): ExprJson {
  const elements = elementsIn(shape);
  return typeof elements === "number" ? Math.ceil(elements / 4) : ["floordiv", sum(elements, 3), 4];
}

/** The larger of two sizes. */
export function larger(a: ExprJson, b: ExprJson): ExprJson {
  if (typeof a === "number" && typeof b === "number") return Math.max(a, b);
  return JSON.stringify(a) === JSON.stringify(b) ? a : ["max", a, b];
}

function elementsIn(shape: readonly ExprJson[]): ExprJson {
  return shape.reduce<ExprJson>((n, d) => product(n, d), 1);
}

function product(a: ExprJson, b: ExprJson): ExprJson {
  return typeof a === "number" && typeof b === "number" ? a * b : a === 1 ? b : b === 1 ? a : ["mul", a, b];
}

function sum(a: ExprJson, b: number): ExprJson {
  return typeof a === "number" ? a + b : ["add", a, b];
}
