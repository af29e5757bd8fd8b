import { checkOptions, type Fields } from "../base/check_options.ts";
import { oneOf, required } from "../base/option_kinds.ts";
import { binary, call, cast, constant, floorDiv, floorMod, mul } from "../ir/build.ts";
import { isFloat, type StoredType } from "../ir/dtype.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { STORED } from "../ir/stored.ts";
import { compute } from "../te/compute.ts";
import { TeError } from "../te/error.ts";
import type { Tensor } from "../te/tensor.ts";
import { checkShape, checkTensors, checkTypes, lastOf } from "./check_tensors.ts";
import { times } from "./extents.ts";
import { RESULT, type ResultOptions, storedType, tensor } from "./kinds.ts";

/** The options of {@linkcode unpack}. */
export interface UnpackOptions extends ResultOptions {
  /** The type of the elements in the words. */
  readonly as: StoredType;
  /** The dtype of the result. Default: i32 of i8, u32 of u8 and f32 of bf16; f32 with a scale. */
  readonly dtype?: "f32" | "f16" | "i32" | "u32";
  /** What the elements of each row are multiplied by, of f32 or f16; the result is of floats. Default: nothing. */
  readonly scale?: Tensor;
}
const OPTIONS = {
  as: required(storedType),
  dtype: oneOf("f32", "f16", "i32", "u32"),
  scale: tensor,
  ...RESULT,
} satisfies Fields<UnpackOptions>;

/**
 * Decodes elements that are stored in words of 32 bits, the first one in the lowest bits: `B[…, i] = element(A[…, i/n], i%n)`, with
 * four bytes or two bf16 in a word. Fusion decodes them where they are read. `te.wordsOf` makes the words of a typed array.
 *
 * @param A u32[..., words]
 * @returns B[..., 4·words], or [..., 2·words] of bf16; its name is B by default
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 * @throws {TeError} for tensors that don't fit together, or a scale of a result of integers
 */
export function unpack(A: Tensor, options: UnpackOptions): Tensor {
  checkTensors("unpack", { A });
  checkOptions("op.unpack", options, OPTIONS);
  checkTypes("unpack", { A }, "u32");
  const { as, scale, name = "B" } = options, { perWord } = STORED[as];
  const { lead, last } = lastOf("unpack", "A", A, 1, "[…, words]");
  const dtype = options.dtype ?? (scale ? "f32" : STORED[as].dtype);
  if (scale) {
    checkTypes("unpack", { scale }, "f32", "f16");
    checkShape("unpack", "scale", scale, lead, "to match A's rows");
    if (!isFloat(dtype)) throw new TeError(`expected dtype f32 or f16 with a scale, got ${dtype}, in unpack`);
  }
  return compute(name, [...lead, times(last[0] as Expr, perWord)], (...at) => {
    const i = at.at(-1) as Var, row = at.slice(0, -1);
    const word = A.at(...row, floorDiv(i, perWord));
    const element = elementOf(as, word, cast("u32", mul(floorMod(i, perWord), 32 / perWord)));
    return cast(dtype, scale ? mul(cast("f32", element), cast("f32", scale.at(...row))) : element);
  });
}

/** The element of a word that begins at a bit. */
function elementOf(as: StoredType, word: Expr, bit: Expr): Expr {
  const u32 = (value: number) => constant(value, "u32"), low = binary("shr", word, bit);
  switch (as) {
    case "u8":
      return binary("bitand", low, u32(255));
    case "i8":
      // The sign is where that of i32 is, and moves down with it.
      return binary("shr", call("bitcastI32", binary("shl", low, u32(24))), constant(24));
    case "bf16":
      return call("bitcastF32", binary("shl", low, u32(16)));
    default:
      return as satisfies never;
  }
}
