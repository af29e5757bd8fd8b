/** Arithmetic of extents: numbers stay numbers, and products are compared by their factors. */
import { checkArgument, type Kind } from "../base/check_options.ts";
import { arrayOf, passing } from "../base/option_kinds.ts";
import { binary, constant, type ExprLike, isConst, toExpr } from "../ir/build.ts";
import { equalExpr } from "../ir/equal.ts";
import type { Expr } from "../ir/expr.ts";
import type { ShapeCondition } from "../te/compute.ts";
import { isExpr } from "../ir/kinds.ts";
import { extents } from "../te/dimension.ts";

/** An extent as calls take it: a positive integer, a shape variable or its name, or an expression of shape variables. */
export type Extent = ExprLike | string;

/** The kind of an argument that is an extent. */
export const extentKind: Kind<Extent> = passing(
  "a positive integer, a shape variable or its name, or an expression of shape variables",
  (x) => Number.isSafeInteger(x) || typeof x === "string" || isExpr(x),
);

/**
 * Reads a list of extents that a call was given.
 *
 * @throws {OptionError} for a list that has something else in it
 * @throws {TeError} for an extent below 1
 */
export function givenExtents(operator: string, name: string, list: readonly Extent[]): readonly Expr[] {
  checkArgument(`op.${operator}`, name, list, arrayOf(extentKind));
  return extents(`${name} of op.${operator}`, list);
}

/** `a + b`, without a zero. */
export function plus(a: Expr, b: ExprLike): Expr {
  const y = toExpr(b);
  if (y.kind === "const" && y.value < 0) return binary("sub", a, -y.value);
  return isConst(a, 0) ? y : isConst(y, 0) ? a : binary("add", a, y);
}

/** `a - b`, without a zero. */
export function minus(a: Expr, b: ExprLike): Expr {
  const y = toExpr(b);
  if (y.kind === "const" && y.value < 0) return plus(a, -y.value);
  return isConst(y, 0) ? a : binary("sub", a, y);
}

/** `a · b`, without a zero or a one. */
export function times(a: Expr, b: ExprLike): Expr {
  const y = toExpr(b);
  if (isConst(a, 0)) return a;
  return isConst(a, 1) ? y : isConst(y, 1) ? a : binary("mul", a, y);
}

/** `⌊a / b⌋`, without a one. */
export function over(a: Expr, b: ExprLike): Expr {
  const y = toExpr(b);
  return isConst(y, 1) ? a : binary("floordiv", a, y);
}

/** Extents multiplied: a number, and the factors that are no numbers. */
export interface Product {
  /** The product of the numbers. */
  readonly count: number;
  /** Shape variables, and expressions that are no products. */
  readonly factors: readonly Expr[];
}

/** Multiplies extents. */
export function productOf(list: readonly Expr[]): Product {
  const all = list.flatMap(factorsOf);
  return {
    count: all.reduce((n, f) => f.kind === "const" ? n * f.value : n, 1),
    factors: all.filter((f) => f.kind !== "const"),
  };
}

function factorsOf(e: Expr): readonly Expr[] {
  return e.kind === "binary" && e.op === "mul" ? [...factorsOf(e.a), ...factorsOf(e.b)] : [e];
}

/** Divides products; undefined where the quotient is not visibly a whole number. */
export function quotient(a: Product, b: Product): Product | undefined {
  const rest = [...a.factors];
  for (const f of b.factors) {
    const k = rest.findIndex((r) => equalExpr(r, f));
    if (k < 0) return undefined;
    rest.splice(k, 1);
  }
  return a.count % b.count === 0 ? { count: a.count / b.count, factors: rest } : undefined;
}

/** Tells whether two products are visibly equal. */
export function isSame(a: Product, b: Product): boolean {
  const q = quotient(a, b);
  return q?.count === 1 && q.factors.length === 0;
}

/** Writes a product as one expression. */
export function asExpr({ count, factors }: Product): Expr {
  return factors.reduce(times, constant(count));
}

/** Tells whether two extents are visibly equal. */
export function isEqual(a: Expr, b: Expr): boolean {
  return equalExpr(a, b) || isSame(productOf([a]), productOf([b]));
}

/** The conditions under which two extents are equal; none where they visibly are. */
export function equality(a: Expr, b: Expr, because: string): readonly ShapeCondition[] {
  if (isEqual(a, b)) return [];
  return [{ value: a, atMost: b, because }, { value: b, atMost: a, because }];
}
