import { checkOptions, type Fields, type Kind } from "../base/check_options.ts";
import { anyOf, arrayOf, integer, passing, required } from "../base/option_kinds.ts";
import { constant, sub } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { printExpr } from "../ir/print.ts";
import { compute, type ShapeCondition } from "../te/compute.ts";
import type { Tensor } from "../te/tensor.ts";
import { TeError } from "../te/error.ts";
import { type Axes, axesKind, checkLength, dimensionsOf } from "./axes.ts";
import { checkTensors } from "./check_tensors.ts";
import { minus, over, plus, times } from "./extents.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";

/** Where a slice begins or ends: a position, from the end where it is below 0; null is the tensor's own begin or end. */
export type SliceBound = number | null;

/** The options of {@linkcode slice}. */
export interface SliceOptions extends ResultOptions {
  /** For each axis, the first position; null is the first of all, or the last with a stride below 0. */
  readonly begin: readonly SliceBound[];
  /** For each axis, the position that is no longer in the slice; null goes through to the end. Default: null for all. */
  readonly end?: readonly SliceBound[];
  /** For each axis, the distance of neighbouring positions; below 0 it goes backwards. Default: 1 for all. */
  readonly strides?: readonly number[];
  /** The dimensions that are sliced; below 0 they count from the end. Default: the first ones. */
  readonly axes?: Axes;
}
const bounds = arrayOf(anyOf(integer(), passing<null>("null", (x) => x === null)) as Kind<SliceBound>);
const OPTIONS = {
  begin: required(bounds),
  end: bounds,
  strides: arrayOf(passing<number>("an integer, and not 0", (x) => Number.isSafeInteger(x) && x !== 0)),
  axes: axesKind,
  ...RESULT,
} satisfies Fields<SliceOptions>;

/**
 * Takes a part of a tensor: positions from `begin` on, before `end`, every `strides`-th of them (NumPy's
 * `A[begin:end:stride]`, ONNX Slice). SliceBounds beyond the tensor are taken to its ends. Along a symbolic extent, they must
 * lie inside: a run in which they don't is refused.
 *
 * @param A a tensor of any dtype
 * @returns B, of A's dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 * @throws {TeError} for a slice without elements, a dimension that A doesn't have, or lists of different lengths
 */
export function slice(A: Tensor, options: SliceOptions): Tensor {
  checkTensors("slice", { A });
  checkOptions("op.slice", options, OPTIONS);
  const { begin, end, strides, name = "B" } = options;
  const axes = dimensionsOf("slice", A, options.axes ?? begin.map((_, k) => k));
  for (const [what, list] of Object.entries({ begin, end, strides })) {
    if (list) checkLength("slice", `positions in ${what}`, list, axes.length);
  }
  const parts = A.shape.map((extent, d): Part => {
    const k = axes.indexOf(d);
    if (k < 0) return { begin: constant(0), stride: 1, extent, requires: [] };
    const [from, to, stride] = [begin[k] ?? null, end?.[k] ?? null, strides?.[k] ?? 1];
    return extent.kind === "const"
      ? constantPart(d, extent.value, from, to, stride)
      : symbolicPart(extent, from, to, stride);
  });
  return compute(
    name,
    parts.map((p) => p.extent),
    (...at) =>
      A.at(...parts.map((p, d) => {
        const i = at[d] as Var;
        return p.stride < 0 ? sub(p.begin, times(i, -p.stride)) : plus(times(i, p.stride), p.begin);
      })),
    { requires: parts.flatMap((p) => p.requires) },
  );
}

/** A slice along one dimension. */
interface Part {
  readonly begin: Expr;
  readonly stride: number;
  readonly extent: Expr;
  readonly requires: readonly ShapeCondition[];
}

/** As Python's slice.indices has it. */
function constantPart(d: number, n: number, from: SliceBound, to: SliceBound, stride: number): Part {
  const [lowest, highest] = stride > 0 ? [0, n] : [-1, n - 1];
  const place = (x: number) => Math.max(lowest, Math.min(highest, x < 0 ? x + n : x));
  const begin = from === null ? (stride > 0 ? lowest : highest) : place(from);
  const end = to === null ? (stride > 0 ? highest : lowest) : place(to);
  const extent = Math.ceil((end - begin) / stride);
  if (extent > 0) return { begin: constant(begin), stride, extent: constant(extent), requires: [] };
  throw new TeError(
    `expected a slice with elements, got none from ${from} to ${to} by ${stride} of dimension ${d} of extent ${n}, ` +
      `in slice`,
  );
}

function symbolicPart(n: Expr, from: SliceBound, to: SliceBound, stride: number): Part {
  const size = Math.abs(stride), forward = stride > 0;
  const place = (x: number): Place => ({ fromEnd: x < 0, offset: x });
  const begin = from === null ? (forward ? place(0) : place(-1)) : place(from);
  const end = to === null
    ? (forward ? { fromEnd: true, offset: 0 } : { fromEnd: false, offset: -1 })
    : place(to);
  const [low, high] = forward ? [begin, end] : [end, begin];
  const offset = high.offset - low.offset;
  const length = high.fromEnd === low.fromEnd
    ? constant(offset)
    : high.fromEnd
    ? plus(n, offset)
    : minus(constant(offset), n);
  if (length.kind === "const" && length.value < 1) {
    throw new TeError(
      `expected a slice with elements, got none from ${from} to ${to} by ${stride} of an extent of ${
        printExpr(n)
      }, ` +
        `in slice`,
    );
  }
  const because = `the slice lies within an extent of ${printExpr(n)} and has an element`;
  const least = [from, to].map((x, k) => x === null ? 1 : x < 0 ? -x : k === 0 || !forward ? x + 1 : x);
  return {
    begin: begin.fromEnd ? plus(n, begin.offset) : constant(begin.offset),
    stride,
    extent: over(plus(length, size - 1), size),
    requires: [
      ...(Math.max(...least) > 1 ? [{ value: constant(Math.max(...least)), atMost: n, because }] : []),
      ...(to === null || length.kind === "const" ? [] : [{ value: constant(1), atMost: length, because }]),
    ],
  };
}

/** A position as an offset from the begin or the end of a dimension. */
interface Place {
  readonly fromEnd: boolean;
  readonly offset: number;
}
