/** Checks that the tensors of a composable operator fit together. */
import { checkArgument } from "../base/check_options.ts";
import { arrayOf } from "../base/option_kinds.ts";
import { equalExpr } from "../ir/equal.ts";
import type { ScalarType } from "../ir/dtype.ts";
import type { Expr } from "../ir/expr.ts";
import { printExpr } from "../ir/print.ts";
import { type Tensor, tensorKind } from "../te/tensor.ts";
import { TeError } from "../te/error.ts";

/**
 * Checks that each argument is a tensor.
 *
 * @param operator the operator as its caller writes it after `op.`
 * @throws {OptionError} if one isn't, and names it
 */
export function checkTensors(operator: string, tensors: Readonly<Record<string, unknown>>): void {
  for (const [name, t] of Object.entries(tensors)) checkArgument(`op.${operator}`, name, t, tensorKind);
}

/**
 * Checks a list of tensors of one dtype, and gives the first one.
 *
 * @throws {OptionError} for a list that has something else in it, or nothing
 * @throws {TeError} for different dtypes
 */
export function checkList(operator: string, tensors: readonly Tensor[]): Tensor {
  checkArgument(`op.${operator}`, "tensors", tensors, arrayOf(tensorKind, { min: 1 }));
  const first = tensors[0] as Tensor, k = tensors.findIndex((t) => t.dtype !== first.dtype);
  if (k < 0) return first;
  throw new TeError(
    `expected tensors[${k}] of ${first.dtype} as tensors[0] is, got ${
      tensors[k]?.dtype
    }, in ${operator}; cast it`,
  );
}

/** Writes a shape as errors quote it: `[32, n]`. */
export function shownShape(shape: readonly Expr[]): string {
  return `[${shape.map(printExpr).join(", ")}]`;
}

/**
 * Gives a tensor's shape, if it has `rank` dimensions.
 *
 * @param wanted the dimensions' names, for the message: `[n, k]`
 * @throws {TeError} for another number of dimensions
 */
export function shapeOfRank(
  operator: string,
  name: string,
  t: Tensor,
  rank: number,
  wanted: string,
): readonly Expr[] {
  if (t.shape.length === rank) return t.shape;
  throw new TeError(`expected ${name} of shape ${wanted}, got ${shownShape(t.shape)}, in ${operator}`);
}

/**
 * Splits a tensor's shape into its leading dimensions and the last `rank` ones.
 *
 * @param wanted the dimensions' names, for the message: `[…, rows, columns]`
 * @throws {TeError} for fewer dimensions
 */
export function lastOf(
  operator: string,
  name: string,
  t: Tensor,
  rank: number,
  wanted: string,
): { readonly lead: readonly Expr[]; readonly last: readonly Expr[] } {
  const at = t.shape.length - rank;
  if (at >= 0) return { lead: t.shape.slice(0, at), last: t.shape.slice(at) };
  throw new TeError(`expected ${name} of shape ${wanted}, got ${shownShape(t.shape)}, in ${operator}`);
}

/**
 * Gives the dimension of A that an axis names.
 *
 * @param axis the dimension; below 0 it counts from the end, so that -1 is the last one
 * @throws {TeError} for a dimension that A doesn't have
 */
export function dimensionOf(operator: string, A: Tensor, axis: number): number {
  const rank = A.shape.length, dimension = axis < 0 ? axis + rank : axis;
  if (dimension >= 0 && dimension < rank) return dimension;
  throw new TeError(
    rank === 0
      ? `expected A with at least one dimension, got a scalar, in ${operator}`
      : `expected axis from ${-rank} to ${rank - 1} for A of shape ${shownShape(A.shape)}, got ${axis}, ` +
        `in ${operator}`,
  );
}

/**
 * Checks a tensor's shape.
 *
 * @param reason what the shape has to match, for the message: `to match A's k = 32`
 * @throws {TeError} for another shape
 */
export function checkShape(
  operator: string,
  name: string,
  t: Tensor,
  wanted: readonly (Expr | string)[],
  reason: string,
): void {
  const fits = t.shape.length === wanted.length &&
    wanted.every((w, k) => typeof w === "string" || equalExpr(w, t.shape[k] as Expr));
  if (fits) return;
  const shape = wanted.map((w) => typeof w === "string" ? w : printExpr(w)).join(", ");
  throw new TeError(
    `expected ${name} of shape [${shape}] ${reason}, got ${shownShape(t.shape)}, in ${operator}`,
  );
}

/**
 * Checks that tensors have one of some dtypes.
 *
 * @throws {TeError} for another dtype
 */
export function checkTypes(
  operator: string,
  tensors: Readonly<Record<string, Tensor>>,
  ...types: readonly string[]
): void {
  for (const [name, t] of Object.entries(tensors)) {
    if (types.includes(t.dtype)) continue;
    throw new TeError(`expected ${name} of ${types.join(" or ")}, got ${t.dtype}, in ${operator}; cast it`);
  }
}

/**
 * Gives the dtype that several tensors of floats share.
 *
 * @throws {TeError} if they have other or different dtypes
 */
export function sharedFloat(operator: string, tensors: Readonly<Record<string, Tensor>>): "f32" | "f16" {
  checkTypes(operator, tensors, "f32", "f16");
  return sharedType(operator, tensors) === "f16" ? "f16" : "f32";
}

/**
 * Gives the dtype that several tensors share.
 *
 * @throws {TeError} if they have different dtypes
 */
export function sharedType(operator: string, tensors: Readonly<Record<string, Tensor>>): ScalarType {
  const all = Object.entries(tensors), dtype = all[0]?.[1].dtype;
  const other = all.find(([, t]) => t.dtype !== dtype);
  if (other) {
    throw new TeError(
      `expected ${other[0]} of ${dtype} as ${all[0]?.[0]} is, got ${other[1].dtype}, in ${operator}; cast it`,
    );
  }
  return dtype as ScalarType;
}

/**
 * Gives the extent of a dimension that has to be a number.
 *
 * @throws {TeError} for a shape variable
 */
export function constantExtent(operator: string, name: string, t: Tensor, dimension: number): number {
  const d = t.shape[dimension];
  if (d?.kind === "const") return d.value;
  throw new TeError(
    `expected dimension ${dimension} of ${name} to be a number, got ${
      d ? printExpr(d) : "none"
    }, in ${operator}`,
  );
}
