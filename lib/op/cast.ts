import { checkArgument, checkOptions } from "../base/check_options.ts";
import { binary, cast as converted, constant, max, min } from "../ir/build.ts";
import { isFloat, type StorageType, type StoredType } from "../ir/dtype.ts";
import type { Expr } from "../ir/expr.ts";
import { BYTE_RANGES, isStored, STORED } from "../ir/stored.ts";
import { compute } from "../te/compute.ts";
import type { Tensor } from "../te/tensor.ts";
import { checkTensors } from "./check_tensors.ts";
import { RESULT, type ResultOptions, storageType } from "./kinds.ts";

/**
 * Converts elements to another dtype. Floats become integers toward zero, and the nearest one that there is beyond the
 * range; integers wrap around; a bool is 0 or 1, and true is everything except 0. i8, u8 and bf16 are types of memory, in
 * which parameters are stored; bf16 is rounded, of two equally near to the even one.
 *
 * @param A a tensor of any dtype
 * @param dtype the dtype of the result
 * @returns B, of A's shape; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 */
export function cast(A: Tensor, dtype: StorageType, options: ResultOptions = {}): Tensor {
  checkTensors("cast", { A });
  checkArgument("op.cast", "dtype", dtype, storageType);
  checkOptions("op.cast", options, RESULT);
  const name = options.name ?? "B";
  return isStored(dtype)
    ? compute(name, A.shape, (...at) => narrowed(dtype, A.at(...at)), { as: dtype })
    : compute(name, A.shape, (...at) => converted(dtype, A.at(...at)));
}

/** A value that a stored type has, before it is stored. */
function narrowed(as: StoredType, x: Expr): Expr {
  const { dtype } = STORED[as];
  if (as === "bf16") return converted(dtype, x);
  const [least, most] = BYTE_RANGES[as], whole = converted(dtype, x);
  if (isFloat(x.dtype)) {
    const nearest = min(whole, constant(most, dtype));
    return as === "u8" ? nearest : max(nearest, constant(least, dtype));
  }
  if (as === "u8") return binary("bitand", whole, constant(most, "u32"));
  return binary("shr", binary("shl", whole, constant(24)), constant(24));
}
