import { checkArgument, checkOptions, type Fields } from "../base/check_options.ts";
import { aFunction, oneOf } from "../base/option_kinds.ts";
import { shownValue } from "../base/shown_value.ts";
import { buffer, type ExprLike, toExpr, variable } from "../ir/build.ts";
import { equalExpr } from "../ir/equal.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { isExpr } from "../ir/kinds.ts";
import { walkExpr } from "../ir/visit.ts";
import { COMPUTE_FIELDS, type ComputeOptions, requirementsOf } from "./compute.ts";
import { extents } from "./dimension.ts";
import { TeError } from "./error.ts";
import { type Combine, shapeKind, Tensor, tensorKind } from "./tensor.ts";

/** One element that {@linkcode update} stores. */
export interface UpdatedElement {
  /** Its position in the tensor, an index for each dimension. */
  readonly at: readonly ExprLike[];
  /** Its new value, of the tensor's dtype. */
  readonly value: Expr;
}

/** The options of {@linkcode update}. */
export interface UpdateOptions extends ComputeOptions {
  /**
   * Combines each value with the element that is there: their sum, product, maximum or minimum, in any order. Several values
   * may then have the same place. Default: a value replaces the element.
   */
  readonly combine?: Combine;
}
const FIELDS = { ...COMPUTE_FIELDS, combine: oneOf("add", "mul", "max", "min") } satisfies Fields<
  UpdateOptions
>;

/**
 * Replaces elements of a tensor in place: for each position (i, j, …) of `shape` it stores `value` at `at`. All other
 * elements keep their values. A program of the result has one parameter for both, which is its input and its output:
 *
 * ```ts
 * import { interpret, te } from "tunebook";
 *
 * const cache = te.placeholder("cache", [4, 2]);
 * const row = te.placeholder("row", [2]);
 * const at = te.placeholder("at", [], "i32", { below: 4 });
 * const now = te.update(cache, [2], (i) => ({ at: [at.at(), i!], value: row.at(i!) }));
 * const func = te.primFunc("put_row", [row, at, now]);
 * const given = { cache: new Float32Array(8), row: new Float32Array([1, 2]), at: new Int32Array([2]) };
 * console.assert(interpret(func, given).cache?.join() === "0,0,0,0,1,2,0,0");
 * ```
 *
 * Positions must lie inside of the tensor. No two elements may have the same one, as they are stored in any order, unless
 * `combine` says how values become one element.
 *
 * @param tensor what is updated: an input, or a tensor that is computed or updated before
 * @param shape the extents of the positions, as {@linkcode placeholder} takes them
 * @param element the element of each position. Its value may read the tensor, at the place where it is stored
 * @returns the tensor after the update; what is computed from the tensor itself has its old values
 * @throws {OptionError} for an argument of a wrong kind
 * @throws {TeError} for another number of indices, another dtype, or a read of the tensor at another place
 */
export function update(
  tensor: Tensor,
  shape: readonly (ExprLike | string)[],
  element: (...axes: readonly Var[]) => UpdatedElement,
  options: UpdateOptions = {},
): Tensor {
  checkArgument("te.update", "tensor", tensor, tensorKind);
  checkArgument("te.update", "shape", shape, shapeKind);
  checkArgument("te.update", "element", element, aFunction("a function of the position"));
  checkOptions("te.update", options, FIELDS);
  const { combine, ...others } = options;
  const { name, dtype, shape: dimensions } = tensor;
  const over = extents(name, shape);
  const axes = over.map((_, d) => variable("ijlmn".charAt(d) || `i${d}`));
  const made = element(...axes);
  const wrong = (wanted: string, got: string) => {
    throw new TeError(`expected ${wanted}, got ${got}, in te.update of ${name}`);
  };
  if (!Array.isArray(made?.at) || !isExpr(made.value)) {
    return wrong("an element { at: […], value: an expression }", shownValue(made));
  }
  const indices = (made.at as readonly ExprLike[]).map((i) => toExpr(i));
  if (indices.length !== dimensions.length) {
    return wrong(`an index for each of ${dimensions.length} dimensions`, `${indices.length}`);
  }
  const odd = indices.find((i) => i.dtype !== "i32");
  if (odd) return wrong("indices of i32", odd.dtype);
  if (made.value.dtype !== dtype) return wrong(`a value of ${dtype}`, made.value.dtype);
  for (const e of [...indices, made.value]) {
    walkExpr(e, (x) => {
      if (x.kind !== "load" || x.buffer !== tensor.buffer) return;
      if (!combine && x.indices.every((i, d) => equalExpr(i, indices[d] as Expr))) return;
      if (combine) wrong("values that don't read the tensor, which combine does", "a read of it");
      wrong("each element to read the tensor where it is stored", "a read at another place");
    });
  }
  const value = {
    kind: "update",
    target: tensor,
    extents: over,
    indices,
    element: made.value,
    combine,
  } as const;
  return new Tensor(
    buffer(name, dimensions, dtype),
    { axes, value },
    undefined,
    requirementsOf(name, others),
  );
}
