/** Operators on types that are types of memory alone: i8, u8 and bf16. */
import { compute } from "../../lib/te/compute.ts";
import { primFunc } from "../../lib/te/prim_func.ts";
import { reduceAxis, sum } from "../../lib/te/reduce.ts";
import { placeholder, type Tensor } from "../../lib/te/tensor.ts";
import type { StorageType } from "../../lib/ir/dtype.ts";
import {
  add,
  cast,
  gather,
  gemv,
  linear,
  mul,
  scatterUpdate,
  softmax,
  transpose,
} from "../../lib/face/op.ts";
import type { Dims, Operator } from "./operators.ts";

/** An operator of inputs that are all of `from`, whose result is stored as `to`. */
function of(
  name: string,
  make: (dims: Dims) => readonly [...inputs: Tensor[], result: Tensor],
): Operator {
  return { name, make: (dims) => primFunc(name.replace(/\W/g, "_"), make(dims)) };
}

const read = (name: string, shape: Dims | readonly (number | string)[], type: StorageType) =>
  placeholder(name, shape as readonly (number | string)[], type);

/** Values that are read from and stored to each type, and products of them. */
export const STORED_OPERATORS: readonly Operator[] = [
  ...(["i8", "u8", "bf16"] as const).flatMap((type): Operator[] => [
    of(`cast to ${type}`, ([a, b]) => {
      const A = read("A", [a, b], "f32"), scale = read("scale", [b], "f32");
      return [A, scale, cast(mul(A, mul(scale, scale)), type, { name: "C" })];
    }),
    of(`cast of ${type}`, ([a, b]) => {
      const A = read("A", [a, b], type), x = cast(A, "f32");
      return [A, add(x, x, { name: "C" })];
    }),
    of(`transpose of ${type}`, ([a, b]) => {
      const A = read("A", [a, b], type);
      return [A, cast(transpose(A), type, { name: "C" })];
    }),
    of(`sum of ${type}`, ([a, b]) => {
      const A = read("A", [a, b], type), k = reduceAxis(A.shape[1] ?? 1);
      return [A, compute("C", [a], (i) => sum(A.at(i, k.var), [k]), { as: type })];
    }),
  ]),
  of("linear of bf16", ([m, n, k]) => {
    const A = read("A", [m, k], "f32"), W = read("W", [n, k], "bf16");
    return [A, W, linear(A, W)];
  }),
  of("linear of i8 weights", ([m, n, k]) => {
    const A = read("A", [m, k], "f32"), W = read("W", [n, k], "i8"), s = read("s", [n, 1], "f32");
    return [A, W, s, linear(A, mul(cast(W, "f32"), s))];
  }),
  of("gemv of bf16", ([, n, k]) => {
    const W = read("W", [n, k], "bf16"), x = read("x", [k], "bf16");
    return [W, x, gemv(W, x)];
  }),
  of("softmax of bf16", ([a, b]) => {
    const A = read("A", [a, b], "bf16");
    return [A, cast(softmax(A), "bf16", { name: "C" })];
  }),
  of("gather of bf16", ([a, b, c]) => {
    const A = read("A", [a, b], "bf16"), at = placeholder("at", [c], "i32", { below: a });
    return [A, at, gather(A, at)];
  }),
  ...(["i8", "bf16"] as const).map((type) =>
    of(`scatterUpdate of ${type}`, ([a, b]) => {
      const cache = read("cache", [24, b], type), X = read("X", [a, b], type);
      const at = placeholder("at", [a], "i32", { below: 24, distinct: true });
      return [cache, X, at, scatterUpdate(cache, X, at)];
    })
  ),
];
