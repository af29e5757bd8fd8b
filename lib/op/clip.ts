import type { Fields } from "../base/check_options.ts";
import { passing } from "../base/option_kinds.ts";
import { max, min } from "../ir/build.ts";
import type { Tensor } from "../te/tensor.ts";
import { constantOf } from "./constant_of.ts";
import { NUMBERS, unary } from "./elementwise.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";

/** The options of {@linkcode clip}. */
export interface ClipOptions extends ResultOptions {
  /** The least element of the result. Default: none. */
  readonly min?: number;
  /** The greatest element of the result; it counts where it is below `min`. Default: none. */
  readonly max?: number;
}
const limit = passing<number>("a number", (x) => typeof x === "number");
const OPTIONS = { min: limit, max: limit, ...RESULT } satisfies Fields<ClipOptions>;

/**
 * Takes elements to the nearest end of a range: `B = min(max(A, options.min), options.max)` (NumPy and ONNX Clip).
 *
 * @param A a tensor of f32, f16, i32 or u32
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype, or a limit that the dtype doesn't have
 */
export function clip(A: Tensor, options: ClipOptions = {}): Tensor {
  const end = (name: "min" | "max") => {
    const value = options[name];
    return value === undefined ? undefined : constantOf("clip", name, value, A.dtype);
  };
  return unary(
    "clip",
    A,
    options,
    (x) => {
      const low = end("min"), high = end("max"), raised = low ? max(x, low) : x;
      return high ? min(raised, high) : raised;
    },
    NUMBERS,
    OPTIONS,
  );
}
