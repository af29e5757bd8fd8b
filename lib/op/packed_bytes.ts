/**
 * Products of 8-bit integers: signed bytes, four in a u32, the first in the lowest bits. A typed array of bytes has the
 * same order in memory.
 */
import { call, cast, constant, isConst, mul } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { placeholder, type Tensor } from "../te/tensor.ts";
import { TeError } from "../te/error.ts";
import { checkShape, checkTypes } from "./check_tensors.ts";
import type { EpilogueOptions, Sums } from "./epilogue.ts";

/** The bytes in a word. */
export const BYTES = 4;

/** The options of a product that go with bytes alone, or don't go with them. */
interface ProductOptions extends EpilogueOptions {
  readonly out?: string;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/**
 * Tells whether a product is one of packed bytes: both operands are of u32.
 *
 * @param scales the scale of each operand, undefined where none is given
 * @throws {TeError} for options that go with bytes alone, or don't go with them
 */
export function isOfBytes(
  operator: string,
  operands: Readonly<Record<string, Tensor>>,
  options: ProductOptions,
  scales: readonly (Tensor | undefined)[],
): boolean {
  const bytes = Object.values(operands).some((t) => t.storage === "u32");
  const { out, bias, activation = "none", residual } = options;
  const scaled = scales.filter((s) => s !== undefined).length;
  const refuse = (what: string, why: string) => {
    throw new TeError(`expected no ${what} in ${operator} of ${bytes ? "i8" : "floats"}: ${why}`);
  };
  if (!bytes) {
    checkTypes(operator, operands, "f32", "f16");
    if (out === "i32") refuse("out = i32", "only sums of i8 are integers; use f32 or f16");
    if (scaled > 0) refuse("scales", "only sums of i8 are scaled; multiply the result instead");
    return false;
  }
  checkTypes(operator, operands, "u32");
  if (options.transposeA === true || options.transposeB === false) {
    refuse(
      options.transposeA === true ? "transposeA" : "transposeB = false",
      "the bytes of a word lie along k, so k is the last axis of both operands",
    );
  }
  if ((out ?? "i32") === "i32") {
    if (bias || activation !== "none" || residual) {
      refuse("epilogue", "it is computed in f32, on scaled sums; use out = f32 or f16");
    }
    if (scaled > 0) refuse("scales", "sums of i32 are not scaled; use out = f32 or f16");
  } else if (scaled < scales.length) {
    throw new TeError(
      `expected the scales of both operands for out = ${out} in ${operator} of i8, got ${scaled}`,
    );
  }
  return true;
}

/**
 * Gives the number of words that `k` bytes take.
 *
 * @throws {TeError} if it isn't an integer
 */
export function wordsOf(operator: string, k: Expr): Expr {
  if (isConst(k) && k.value % BYTES === 0) return constant(k.value / BYTES);
  const given = isConst(k) ? `${k.value}` : k.kind === "var" ? JSON.stringify(k.name) : "an expression";
  throw new TeError(
    `expected k of ${operator} of i8 to be a number that ${BYTES} divides, because ${BYTES} bytes share a word, ` +
      `got ${given}; pad both operands with zeros`,
  );
}

/** Multiplies two words of bytes; the result is the sum of four products, an i32. */
export function dotBytes(a: Expr, b: Expr): Expr {
  return call("dot4I8Packed", a, b);
}

/** An operand's scales. */
export interface Scales {
  /** The scales, in f32 or f16. */
  readonly tensor: Tensor;
  /** Where the scale of an element of the result is. */
  readonly at: (at: readonly Var[]) => readonly Expr[];
}

/**
 * Checks an operand's scales: one for each of its rows.
 *
 * @throws {TeError} for another shape or dtype
 */
export function scalesOf(
  operator: string,
  name: string,
  scale: Tensor,
  rows: readonly Expr[],
  at: Scales["at"],
): Scales {
  checkTypes(operator, { [name]: scale }, "f32", "f16");
  checkShape(operator, name, scale, rows, "to match the operand's rows");
  return { tensor: scale, at };
}

/** Makes parameter `operand`_scale, in f32. */
export function scaleInput(operand: string, rows: readonly Expr[]): Tensor {
  return placeholder(`${operand}_scale`, rows);
}

/** Describes sums of products of bytes, which both operands' scales make numbers. */
export function scaledSums(scales: readonly Scales[]): Sums {
  return {
    dtype: "i32",
    value: (sum, at) =>
      scales.reduce((x, s) => mul(x, cast("f32", s.tensor.at(...s.at(at)))), cast("f32", sum)),
  };
}
