import { checkOptions, type Fields } from "../base/check_options.ts";
import { number, oneOf, passing, required } from "../base/option_kinds.ts";
import { add, binary, cast, constant, mul } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { compute } from "../te/compute.ts";
import { extents } from "../te/dimension.ts";
import type { Tensor } from "../te/tensor.ts";
import { TeError } from "../te/error.ts";
import { constantOf } from "./constant_of.ts";
import { type Extent, extentKind, minus, over, plus } from "./extents.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";

/** The options of {@linkcode arange}. */
export interface ArangeOptions extends ResultOptions {
  /** The number that the range ends before: any number, or a shape variable, its name or an expression of them. */
  readonly stop: Extent;
  /** The first number. Default: 0. */
  readonly start?: number;
  /** The distance of neighbouring numbers, not 0. Default: 1. */
  readonly step?: number;
  /** The dtype of the result. Default: i32. */
  readonly dtype?: "f32" | "f16" | "i32";
}
const OPTIONS = {
  stop: required({ ...extentKind, is: (x) => Number.isFinite(x) || extentKind.is(x) }),
  start: number(),
  step: passing<number>("a finite number, and not 0", (x) => Number.isFinite(x) && x !== 0),
  dtype: oneOf("f32", "f16", "i32"),
  ...RESULT,
} satisfies Fields<ArangeOptions>;

/**
 * Makes the numbers `start`, `start + step`, … before `stop` (NumPy arange, ONNX Range).
 *
 * @returns B[ceil((stop - start) / step)]; its name is B by default
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 * @throws {TeError} for a range without numbers, a number that the dtype doesn't have, or a start or step that is not a
 * whole number, or a step below 1, before a symbolic stop
 */
export function arange(options: ArangeOptions): Tensor {
  checkOptions("op.arange", options, OPTIONS);
  const { start = 0, step = 1, dtype = "i32", name = "B" } = options;
  const first = constantOf("arange", "start", start, dtype), by = constantOf("arange", "step", step, dtype);
  const { extent, requires } = lengthOf(options);
  return compute(name, [extent], (i) => {
    const k = cast(dtype, i as Var), scaled = step === 1 ? k : mul(k, by);
    return start === 0 ? scaled : add(first, scaled);
  }, { requires });
}

function lengthOf({ start = 0, step = 1, stop, dtype = "i32" }: ArangeOptions) {
  if (typeof stop === "number") {
    constantOf("arange", "stop", stop, dtype);
    const length = Math.ceil((stop - start) / step);
    if (length >= 1) return { extent: constant(length), requires: [] };
    throw new TeError(
      `expected a range with numbers, got none from ${start} to ${stop} by ${step}, in arange`,
    );
  }
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(step) || step < 1) {
    throw new TeError(
      `expected whole numbers start and step, and a step of at least 1, before a symbolic stop, got ${start} and ` +
        `${step}, in arange`,
    );
  }
  const end = extents("stop of op.arange", [stop])[0] as Expr;
  const length = over(plus(minus(end, start), step - 1), step);
  const because = "a range has numbers";
  return {
    extent: length,
    requires: start > 0 ? [{ value: binary("add", constant(start), constant(1)), atMost: end, because }] : [],
  };
}
