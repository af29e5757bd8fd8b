import { checkArgument, checkOptions } from "../base/check_options.ts";
import { cast as converted } from "../ir/build.ts";
import type { ScalarType } from "../ir/dtype.ts";
import { compute } from "../te/compute.ts";
import type { Tensor } from "../te/tensor.ts";
import { checkTensors } from "./check_tensors.ts";
import { RESULT, type ResultOptions, scalarType } from "./kinds.ts";

/**
 * Converts elements to another dtype. Floats become integers toward zero, and the nearest one that there is beyond the
 * range; integers wrap around; a bool is 0 or 1, and true is everything except 0.
 *
 * @param A a tensor of any dtype
 * @param dtype the dtype of the result
 * @returns B, of A's shape; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 */
export function cast(A: Tensor, dtype: ScalarType, options: ResultOptions = {}): Tensor {
  checkTensors("cast", { A });
  checkArgument("op.cast", "dtype", dtype, scalarType);
  checkOptions("op.cast", options, RESULT);
  return compute(options.name ?? "B", A.shape, (...at) => converted(dtype, A.at(...at)));
}
