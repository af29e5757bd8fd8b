/** Operators that graphs need beside those of the suites: each as the only one of a program. */
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import type { Dims, Operator } from "./operators.ts";

/** An operator on inputs of these shapes, all f32. */
function on(
  name: string,
  shapes: (dims: Dims) => readonly (readonly (te.Dim | te.Expr)[])[],
  make: (...inputs: te.Tensor[]) => te.Tensor,
): Operator {
  return {
    name,
    make: (dims) => {
      const inputs = shapes(dims).map((shape, k) => te.placeholder("ABC".charAt(k), shape));
      return te.primFunc(name, [...inputs, make(...inputs)]);
    },
  };
}

const movements: readonly Operator[] = [
  on("reshape", ([a, b]) => [[a, 6, b]], (A) => op.reshape(A as te.Tensor, [-1, 3])),
  on("permuteDims", ([a, b, c]) => [[a, b, c]], (A) => op.permuteDims(A as te.Tensor, { axes: [2, 0, 1] })),
];

export const MORE_OPERATORS: readonly Operator[] = [...movements];
