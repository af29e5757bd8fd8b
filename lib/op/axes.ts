/** What the operators share that take several dimensions. */
import type { Kind } from "../base/check_options.ts";
import { anyOf, arrayOf, integer } from "../base/option_kinds.ts";
import type { Tensor } from "../te/tensor.ts";
import { TeError } from "../te/error.ts";
import { dimensionOf, shownShape } from "./check_tensors.ts";

/** One dimension or several; below 0 they count from the end, so that -1 is the last one. */
export type Axes = number | readonly number[];

/** The kind of an option that is one dimension or several. */
export const axesKind: Kind<Axes> = {
  ...anyOf(integer(), arrayOf(integer())) as Kind<Axes>,
  takes: "an integer, or a list of integers",
};

/** Writes one value or several as a list. */
export function listOf<T extends number>(one: T | readonly T[]): readonly T[] {
  return typeof one === "number" ? [one] : one;
}

/**
 * Gives the dimensions of A that axes name, in their order.
 *
 * @throws {TeError} for a dimension that A doesn't have, or one that is named twice
 */
export function dimensionsOf(operator: string, A: Tensor, axes: Axes): readonly number[] {
  const all = listOf(axes).map((axis) => dimensionOf(operator, A, axis));
  checkDistinct(operator, axes, all, ` for A of shape ${shownShape(A.shape)}`);
  return all;
}

/**
 * Gives the dimensions of a result of `rank` dimensions that axes name, in their order.
 *
 * @throws {TeError} for a dimension that the result doesn't have, or one that is named twice
 */
export function resultDimensions(operator: string, rank: number, axes: Axes): readonly number[] {
  const all = listOf(axes).map((axis) => {
    const d = axis < 0 ? axis + rank : axis;
    if (d >= 0 && d < rank) return d;
    throw new TeError(
      `expected axes from ${-rank} to ${
        rank - 1
      } for a result of ${rank} dimensions, got ${axis}, in ${operator}`,
    );
  });
  checkDistinct(operator, axes, all, "");
  return all;
}

function checkDistinct(operator: string, axes: Axes, all: readonly number[], of: string): void {
  if (new Set(all).size === all.length) return;
  throw new TeError(`expected each axis once${of}, got [${listOf(axes).join(", ")}], in ${operator}`);
}

/**
 * Checks that a list has one value for each axis.
 *
 * @throws {TeError} for another length
 */
export function checkLength(operator: string, name: string, list: readonly unknown[], wanted: number): void {
  if (list.length === wanted) return;
  throw new TeError(`expected ${wanted} ${name}, one for each axis, got ${list.length}, in ${operator}`);
}
