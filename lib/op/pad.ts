import { checkOptions, type Fields, type Kind } from "../base/check_options.ts";
import { arrayOf, count, oneOf, passing, required, tupleOf } from "../base/option_kinds.ts";
import { and, constant, floorMod, ge, lt, max, min, select, sub } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { compute, type ShapeCondition } from "../te/compute.ts";
import type { Tensor } from "../te/tensor.ts";
import { TeError } from "../te/error.ts";
import { checkLength } from "./axes.ts";
import { checkTensors, shownShape } from "./check_tensors.ts";
import { constantOf } from "./constant_of.ts";
import { minus, plus } from "./extents.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";

/** What is put around a tensor: a value, its mirror image without its ends, its ends, or the tensor again. */
export type PadMode = "constant" | "reflect" | "edge" | "wrap";

/** The options of {@linkcode pad}. */
export interface PadOptions extends ResultOptions {
  /** The elements that are added before and after each dimension. */
  readonly padding: readonly (readonly [before: number, after: number])[];
  /**
   * What is added: `constant` the value, `reflect` the tensor mirrored at its ends, `edge` its ends, `wrap` the
   * tensor. Default: constant.
   */
  readonly mode?: PadMode;
  /** What is added in mode constant. Default: 0. */
  readonly value?: number;
}
const OPTIONS = {
  padding: required(arrayOf(tupleOf(count, count) as Kind<readonly [number, number]>)),
  mode: oneOf("constant", "reflect", "edge", "wrap"),
  value: passing<number>("a number", (x) => typeof x === "number"),
  ...RESULT,
} satisfies Fields<PadOptions>;

/**
 * Puts elements around a tensor (NumPy and ONNX Pad).
 *
 * @param A a tensor of any dtype
 * @returns B, of A's dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value: nothing is taken away
 * @throws {TeError} for padding of another number of dimensions, a value that A's dtype doesn't have, or a reflection
 * that is wider than A
 */
export function pad(A: Tensor, options: PadOptions): Tensor {
  checkTensors("pad", { A });
  checkOptions("op.pad", options, OPTIONS);
  const { padding, mode = "constant", value = 0, name = "B" } = options;
  checkLength("pad", "pairs in padding", padding, A.shape.length);
  const outside = constantOf("pad", "value", value, A.dtype);
  const requires = mode === "reflect" ? A.shape.flatMap((d, k) => mirrored(A, d, padding[k] ?? [0, 0])) : [];
  const shape = A.shape.map((d, k) => plus(d, (padding[k]?.[0] ?? 0) + (padding[k]?.[1] ?? 0)));
  return compute(name, shape, (...at) => {
    const from = at.map((i, k) => minus(i, padding[k]?.[0] ?? 0));
    if (mode !== "constant") {
      return A.at(...from.map((i, k) => isBare(padding[k]) ? i : inside(mode, i, A.shape[k] as Expr)));
    }
    const conditions = from.flatMap((i, k) => [
      ...(padding[k]?.[0] ? [ge(at[k] as Var, padding[k][0])] : []),
      ...(padding[k]?.[1] ? [lt(i, A.shape[k] as Expr)] : []),
    ]);
    return select(and(...conditions), A.at(...from), outside);
  }, { requires });
}

function isBare(sides: readonly [number, number] | undefined): boolean {
  return sides?.[0] === 0 && sides[1] === 0;
}

/** The element of A that stands at a position outside of it. */
function inside(mode: Exclude<PadMode, "constant">, i: Expr, extent: Expr): Expr {
  switch (mode) {
    case "edge":
      return max(min(i, minus(extent, 1)), 0);
    case "wrap":
      return floorMod(i, extent);
    case "reflect": {
      // Both ends mirror: a position that is inside is its own image in either.
      const left = max(i, sub(0, i));
      return min(left, sub(minus(plus(extent, extent), 2), left));
    }
    default:
      return mode satisfies never;
  }
}

/** A mirror shows at most what is in front of it: all of A but its end. */
function mirrored(A: Tensor, extent: Expr, sides: readonly [number, number]): readonly ShapeCondition[] {
  const widest = Math.max(...sides);
  if (widest === 0) return [];
  if (extent.kind !== "const") {
    return [{ value: constant(widest + 1), atMost: extent, because: "pad reflects what the tensor has" }];
  }
  if (widest < extent.value) return [];
  throw new TeError(
    `expected padding below ${extent.value} to reflect A's ${shownShape(A.shape)}, got ${widest}, in pad`,
  );
}
