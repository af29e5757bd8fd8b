/**
 * Products of 8-bit integers: signed bytes, four in a u32, the first in the lowest bits, as a typed array of bytes
 * lies in memory.
 */
import { call, cast, constant, isConst, mul } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { placeholder, type Tensor } from "../te/compute.ts";
import type { EpilogueOptions, Sums } from "./epilogue.ts";
import { TeError } from "../te/error.ts";

/** Bytes in a word. */
export const BYTES = 4;

/** What an operator on bytes may be asked for, as far as it can't be given. */
interface Asked extends EpilogueOptions {
  readonly dtype?: "f32" | "f16" | "i8";
  readonly out?: string;
  readonly weights?: string;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/**
 * Whether `asked` is for a product of bytes, four along k in a word.
 *
 * @throws {TeError} for what goes with bytes alone, or does not go with them
 */
export function isOfBytes(operator: string, asked: Asked): boolean {
  const { dtype, out, weights, bias = false, activation = "none", residual = false } = asked;
  const refuse = (what: string, why: string) => {
    throw new TeError(`cannot build ${operator} of ${dtype ?? "f32"} with ${what}: ${why}`);
  };
  if (dtype !== "i8") {
    if (out === "i32") refuse("out = i32", "only sums of i8 are integers; say f32 or f16");
    return false;
  }
  if (weights !== undefined) {
    refuse(`weights = ${weights}`, "those are decoded to floats; leave one of them out");
  }
  if (asked.transposeA === true || asked.transposeB === false) {
    refuse(
      asked.transposeA === true ? "transposeA" : "transposeB = false",
      "the bytes of a word lie along k, so k is the last axis of both operands",
    );
  }
  if ((out ?? "i32") === "i32" && (bias || activation !== "none" || residual)) {
    refuse(
      "an epilogue",
      "that follows in f32, on sums that the rows' scales make numbers; say out = f32 or f16",
    );
  }
  return true;
}

/**
 * The words that `k` bytes take.
 *
 * @throws {TeError} where they are not a whole number of words
 */
export function wordsOf(operator: string, k: Expr): Expr {
  if (isConst(k) && k.value % BYTES === 0) return constant(k.value / BYTES);
  const given = isConst(k) ? `${k.value}` : k.kind === "var" ? JSON.stringify(k.name) : "an expression";
  throw new TeError(
    `cannot build ${operator} of i8 with k = ${given}: ${BYTES} bytes share a word, so k is a number that ${BYTES} ` +
      `divides; pad both operands with zeros up to one`,
  );
}

/** The product of two words of bytes, an i32. */
export function dotBytes(a: Expr, b: Expr): Expr {
  return call("dot4I8Packed", a, b);
}

/** An operand's scales, and where in them the scale of a place of the result is. */
export interface Scales {
  readonly tensor: Tensor;
  readonly at: (at: readonly Var[]) => readonly Expr[];
}

/** Parameter `operand`_scale in f32, of the operand's shape without k. */
export function scalesOf(operand: string, rows: readonly Expr[], at: Scales["at"]): Scales {
  return { tensor: placeholder(`${operand}_scale`, rows), at };
}

/** Sums of products of bytes, which stand for the numbers that the scales of both operands make of them. */
export function scaledSums(scales: readonly Scales[]): Sums {
  return {
    dtype: "i32",
    value: (sum, at) => scales.reduce((x, s) => mul(x, s.tensor.at(...s.at(at))), cast("f32", sum)),
  };
}

/** What a product's operands are made of: words of four bytes for i8, and f16 beside the weights that are. */
export function operandType(
  { dtype = "f32", weights }: Pick<Asked, "dtype" | "weights">,
): "f32" | "f16" | "u32" {
  return weights === "q4f16_1" ? "f16" : dtype === "i8" ? "u32" : dtype;
}
