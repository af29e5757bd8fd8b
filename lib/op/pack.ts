import { checkOptions, type Fields } from "../base/check_options.ts";
import { required } from "../base/option_kinds.ts";
import { add, binary, call, cast, constant, max, min, mul, select } from "../ir/build.ts";
import { isFloat, type ScalarType, type StoredType } from "../ir/dtype.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { BYTE_RANGES, STORED } from "../ir/stored.ts";
import { compute } from "../te/compute.ts";
import type { Tensor } from "../te/tensor.ts";
import { TeError } from "../te/error.ts";
import { checkTensors, checkTypes, constantExtent } from "./check_tensors.ts";
import { RESULT, type ResultOptions, storedType } from "./kinds.ts";

/** The options of {@linkcode pack}. */
export interface PackOptions extends ResultOptions {
  /** The type of the elements in the words. */
  readonly as: StoredType;
}
const OPTIONS = { as: required(storedType), ...RESULT } satisfies Fields<PackOptions>;

/**
 * Stores elements in words of 32 bits, the first one in the lowest bits: what `unpack` decodes. Bytes are rounded to the nearest
 * integer, of two that are equally near to the even one, and taken to the ends of their range; bf16 is rounded likewise. A word
 * is written whole, so that no two threads write one.
 *
 * @param A [..., columns] of f32, f16, i32 or u32; of f32 or f16 for bf16
 * @returns B, u32[..., columns/4], or [..., columns/2] of bf16; its name is B by default
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 * @throws {TeError} for another dtype, and for columns that are no number or don't fill words
 */
export function pack(A: Tensor, options: PackOptions): Tensor {
  checkTensors("pack", { A });
  checkOptions("op.pack", options, OPTIONS);
  const { as, name = "B" } = options, { perWord } = STORED[as];
  checkTypes("pack", { A }, ...(as === "bf16" ? ["f32", "f16"] : ["f32", "f16", "i32", "u32"]));
  const rank = A.shape.length;
  if (rank === 0) throw new TeError("expected A[…, columns], got a single element, in pack");
  const columns = constantExtent("pack", "A", A, rank - 1);
  if (columns % perWord !== 0) {
    throw new TeError(
      `expected columns that ${perWord} divides, because ${perWord} of ${as} share a word, got ${columns}, in pack; pad them`,
    );
  }
  return compute(name, [...A.shape.slice(0, -1), constant(columns / perWord)], (...at) => {
    const row = at.slice(0, -1), first = mul(at.at(-1) as Var, perWord);
    const parts = Array.from(
      { length: perWord },
      (_, k) => binary("shl", bitsOf(as, A.at(...row, add(first, k))), constant(k * 32 / perWord, "u32")),
    );
    return parts.reduce((word, part) => binary("bitor", word, part));
  });
}

/** The bits of an element, in the lowest of a word. */
function bitsOf(as: StoredType, x: Expr): Expr {
  return as === "bf16" ? halfOf(cast("f32", x)) : byteOf(as, x);
}

function byteOf(as: "i8" | "u8", x: Expr): Expr {
  const dtype = x.dtype as ScalarType, [lowest, highest] = BYTE_RANGES[as];
  const whole = isFloat(dtype) ? call("round", x) : x;
  const atLeast = dtype === "u32" ? whole : max(whole, constant(lowest, dtype));
  const inRange = min(atLeast, constant(highest, dtype));
  const integer = dtype === "u32" ? inRange : call("bitcastU32", cast("i32", inRange));
  return binary("bitand", integer, constant(255, "u32"));
}

/** The upper half of an f32's bits, rounded: a tie to the even one. NaN stays one. */
function halfOf(x: Expr): Expr {
  const u32 = (value: number) => constant(value, "u32"), bits = call("bitcastU32", x);
  const upper = (b: Expr) => binary("shr", b, u32(16));
  const odd = binary("bitand", upper(bits), u32(1));
  return select(call("isNaN", x), u32(0x7fc0), upper(add(add(bits, u32(0x7fff)), odd)));
}
