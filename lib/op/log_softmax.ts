import { checkOptions } from "../base/check_options.ts";
import { call, cast, sub } from "../ir/build.ts";
import { compute } from "../te/compute.ts";
import type { Tensor } from "../te/tensor.ts";
import { checkTensors } from "./check_tensors.ts";
import { asRows, AXIS, type AxisOptions, exponentials, f32 } from "./row_reductions.ts";

/**
 * Takes the logarithm of the softmax of each row: `B[…, c] = A[…, c] - max - ln(Σ_c exp(A[…, c] - max))`, computed in f32.
 * With an axis, rows run along that dimension (ONNX LogSoftmax).
 *
 * @param A [..., columns] of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype, without dimensions, or without that axis
 */
export function logSoftmax(A: Tensor, options: AxisOptions = {}): Tensor {
  checkTensors("logSoftmax", { A });
  checkOptions("op.logSoftmax", options, AXIS);
  const rows = asRows("logSoftmax", A, options.axis), a = f32(A);
  const [largest, total] = exponentials(A, rows);
  return compute(options.name ?? "B", A.shape, (...at) => {
    const row = at.toSpliced(rows.axis, 1);
    return cast(rows.dtype, sub(sub(a(...at), largest.at(...row)), call("log", total.at(...row))));
  });
}
