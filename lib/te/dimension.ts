/** The extents of tensors: positive integers, shape variables, and expressions of them. */
import type { Kind } from "../base/check_options.ts";
import { passing } from "../base/option_kinds.ts";
import { shownValue } from "../base/shown_value.ts";
import { constant, type ExprLike, toExpr, variable } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { isExpr } from "../ir/kinds.ts";
import { TeError } from "./error.ts";

/** A dimension as users write it: a positive integer below 2^31, or the name of a shape variable. */
export type Dim = number | string;

const LIMIT = 2 ** 31;
const NAME = /^[A-Za-z]\w*$/;

/** The kind of an option that is a dimension. */
export const dimension: Kind<Dim> = passing(
  "a positive integer below 2^31, or the name of a shape variable",
  (d) => typeof d === "string" ? NAME.test(d) : isExtent(d),
);

/** The kind of an option that is an extent, and can't be a shape variable. */
export const extent: Kind<number> = passing("a positive integer below 2^31", isExtent);

function isExtent(d: unknown): boolean {
  return typeof d === "number" && Number.isSafeInteger(d) && d > 0 && d < LIMIT;
}

/**
 * Writes the dimensions of one program as expressions; dimensions of one name are one shape variable. The values must
 * have been checked as {@linkcode dimension}.
 */
export function dims<K extends string>(given: Readonly<Record<K, Dim>>): Record<K, Expr> {
  const vars = new Map<string, Var>();
  const entries = Object.entries<Dim>(given).map(([key, d]): [string, Expr] => {
    if (typeof d === "number") return [key, constant(d)];
    const v = vars.get(d) ?? variable(d);
    vars.set(d, v);
    return [key, v];
  });
  // One entry for each key of `given`.
  return Object.fromEntries(entries) as Record<K, Expr>;
}

const named = new Map<string, Var>();

/**
 * Gives the shape variable of a name: tensors whose shapes use the same name share it.
 *
 * @param name letters, digits and underscores, beginning with a letter
 * @throws {TeError} for a name that no variable can have
 */
export function shapeVariable(name: string): Var {
  if (typeof name !== "string" || !NAME.test(name)) {
    throw new TeError(
      `expected the name of a shape variable (letters, digits and underscores, beginning with a letter), ` +
        `got ${shownValue(name)}`,
    );
  }
  const v = named.get(name) ?? variable(name);
  named.set(name, v);
  return v;
}

/**
 * Writes a shape as expressions.
 *
 * @param name the tensor or axis that has the shape, for the message
 * @throws {TeError} for an extent that is neither a positive integer, nor a shape variable or its name, nor an
 * expression of them
 */
export function extents(name: string, shape: readonly (ExprLike | string)[]): readonly Expr[] {
  return shape.map((d) => {
    if (typeof d === "string") return shapeVariable(d);
    const e = typeof d === "number" || isExpr(d) ? toExpr(d) : undefined;
    if (e && e.dtype === "i32" && (e.kind !== "const" || isExtent(e.value))) return e;
    throw new TeError(
      `expected each extent of ${name} to be a positive integer below 2^31, or a shape variable, got ${
        e?.kind === "const" ? e.value : e ? `an expression of ${e.dtype}` : shownValue(d)
      }`,
    );
  });
}
