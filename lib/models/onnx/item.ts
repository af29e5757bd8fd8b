/** The values of a model while it is imported: types, and the elements that are known before a run. */
import { constant, isConst } from "../../ir/build.ts";
import type { Expr } from "../../ir/expr.ts";
import { printExpr } from "../../ir/print.ts";
import { someExpr } from "../../ir/visit.ts";
import type { ElementType } from "./element_types.ts";

/** An element that is known at import: a number, or an expression of shape variables. */
export type KnownElement = number | Expr;

/** A value of the model. Its elements are known at import, or a graph computes them. */
export class Item {
  /** Makes a value. */
  constructor(
    /** The element type in the model. */
    readonly type: ElementType,
    /** The extent of each dimension. */
    readonly shape: readonly Expr[],
    /** The elements in the order of rows, if they are known at import. */
    readonly known?: ArrayLike<KnownElement>,
    /** What the elements are called in the model, or undefined for what an operator has made. */
    readonly label?: string,
  ) {}

  /** The extents that are numbers; undefined if one is none. */
  get dims(): readonly number[] | undefined {
    const dims = this.shape.map((d) => d.kind === "const" ? d.value : -1);
    return dims.includes(-1) ? undefined : dims;
  }

  /** The number of dimensions. */
  get rank(): number {
    return this.shape.length;
  }

  /** The known elements, if all of them are numbers. */
  get numbers(): ArrayLike<number> | undefined {
    const { known } = this;
    if (!known) return undefined;
    if (ArrayBuffer.isView(known)) return known as ArrayLike<number>;
    return Array.prototype.every.call(known, (x) => typeof x === "number")
      ? known as ArrayLike<number>
      : undefined;
  }
}

/** Makes a value of known elements. */
export function knownItem(
  type: ElementType,
  dims: readonly number[],
  elements: ArrayLike<KnownElement>,
  label?: string,
): Item {
  return new Item(type, dims.map((d) => constant(d)), elements, label);
}

/** Writes an extent as an element: a number where it is one. */
export function elementOf(e: Expr): KnownElement {
  return isConst(e) ? e.value : e;
}

/** Writes an element as an expression. */
export function exprOf(x: KnownElement): Expr {
  return typeof x === "number" ? constant(x) : x;
}

/** Writes a shape as errors quote it: `[1, n]`. */
export function shownShape(shape: readonly Expr[]): string {
  return `[${shape.map(printExpr).join(", ")}]`;
}

/** The most parts of an expression. Those of models have a handful; an untrusted one could double with each node. */
const MOST_PARTS = 256;

/** Tells whether an extent is an expression that can be compared in a short time. */
export function isSmall(e: Expr): boolean {
  let parts = 0;
  return !someExpr(e, () => ++parts > MOST_PARTS);
}
