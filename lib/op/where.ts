import { checkOptions } from "../base/check_options.ts";
import { select } from "../ir/build.ts";
import { compute } from "../te/compute.ts";
import type { Tensor } from "../te/tensor.ts";
import { broadcastConditions, broadcastShape, elementFor } from "./broadcast.ts";
import { checkTensors, checkTypes, sharedType } from "./check_tensors.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";

/**
 * Takes elements of one of two tensors: `C = condition ? A : B`, with NumPy's broadcasting of all three (NumPy and ONNX
 * Where).
 *
 * @param condition a tensor of bool
 * @param A a tensor of any dtype
 * @param B a tensor of A's dtype
 * @returns C, of A's dtype; its name is C by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function where(condition: Tensor, A: Tensor, B: Tensor, options: ResultOptions = {}): Tensor {
  checkTensors("where", { condition, A, B });
  checkOptions("op.where", options, RESULT);
  checkTypes("where", { condition }, "bool");
  sharedType("where", { A, B });
  const shape = broadcastShape("where", { condition, A, B });
  return compute(
    options.name ?? "C",
    shape,
    (...at) => select(elementFor(condition, shape, at), elementFor(A, shape, at), elementFor(B, shape, at)),
    { requires: broadcastConditions("where", shape, [condition, A, B]) },
  );
}
