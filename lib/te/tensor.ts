/** Tensors, and the inputs of programs. */
import { checkArgument, type Kind } from "../base/check_options.ts";
import { arrayOf, flag, instanceOf, nested, number, passing, required, text } from "../base/option_kinds.ts";
import { buffer, type ExprLike, load } from "../ir/build.ts";
import { exprLikeKind, isExpr, storageTypeKind } from "../ir/kinds.ts";
import type { Domain } from "../ir/domain.ts";
import type { ScalarType, StorageType } from "../ir/dtype.ts";
import { storageOf } from "../ir/stored.ts";
import type { Buffer, Expr, Load, Var } from "../ir/expr.ts";
import { exprToJson } from "../ir/json.ts";
import type { Requirement } from "../ir/requirement.ts";
import type { Stmt } from "../ir/stmt.ts";
import { extents } from "./dimension.ts";

/** An axis that a reduction runs over. */
export interface ReduceAxis {
  /** The axis as the reduced expression mentions it. */
  readonly var: Var;
  /** The number of its positions. */
  readonly extent: Expr;
}

/** A sum, product, maximum, minimum, conjunction or disjunction over axes; it is a tensor's whole element. */
export interface Reduction {
  /** Tells a reduction from an expression. */
  readonly kind: "reduction";
  /** What combines two values. */
  readonly op: "add" | "mul" | "max" | "min" | "and" | "or";
  /** The expression that is reduced. */
  readonly value: Expr;
  /** The axes that it is reduced over, the outermost first. */
  readonly axes: readonly ReduceAxis[];
  /** Where a maximum starts that is never below it. Default: what changes nothing, for example 0 or -∞. */
  readonly from?: number;
}

/** Combines two lists of values to one. */
export type Combiner = (a: readonly Expr[], b: readonly Expr[]) => readonly Expr[];

/** A reduction of one or several values at once; each is the element of a tensor. */
export interface TupleReduction {
  /** Tells it from a reduction by a known operator. */
  readonly kind: "tuple";
  /** The values that are reduced. */
  readonly values: readonly Expr[];
  /** What changes nothing, for each value. */
  readonly identity: readonly Expr[];
  /** Combines two lists of values. */
  readonly combine: Combiner;
  /** The axes that they are reduced over, the outermost first. */
  readonly axes: readonly ReduceAxis[];
}

/** A reduction of several values, as stores to the tensors that hold them. */
export interface TupleStep {
  /** Tells it from a reduction that is an expression. */
  readonly kind: "step";
  /** The tensors that are computed together. */
  readonly results: readonly Buffer[];
  /** Tensors that keep what a result was before it is overwritten. */
  readonly copies: readonly Buffer[];
  /** Stores where the results start. */
  readonly init: Stmt;
  /** Combines the results with one more position of the axes. */
  readonly update: Stmt;
  /** The axes that are reduced over, the outermost first. */
  readonly axes: readonly ReduceAxis[];
}

/** Elements that are stored into a tensor that has values already; {@linkcode update} makes it. */
export interface Update {
  /** Tells it from an element of a new tensor. */
  readonly kind: "update";
  /** The tensor whose elements are replaced. */
  readonly target: Tensor;
  /** The extents of the axes that the elements are computed over. */
  readonly extents: readonly Expr[];
  /** Where each element is stored. */
  readonly indices: readonly Expr[];
  /** The element, or the value that is combined with the old one. */
  readonly element: Expr;
  /** How it is combined; undefined where it replaces the old element. */
  readonly combine: Combine | undefined;
}

/** How a value is combined with the old element. */
export type Combine = "add" | "mul" | "max" | "min";

/** How the elements of a tensor are computed. */
export interface Definition {
  /** The position of an element, one variable for each dimension; of an update one for each of its axes. */
  readonly axes: readonly Var[];
  /** The element at that position, or how it is computed together with those of other tensors. */
  readonly value: Expr | Reduction | TupleStep | Update;
}

const INDICES: Kind<readonly ExprLike[]> = arrayOf(exprLikeKind);

let made = 0;

/** A tensor: an input, or one that is computed from others. */
export class Tensor {
  /** The number of tensors that were made before this one. */
  readonly age: number = made++;

  /** Makes a tensor; `definition` is undefined for an input. {@linkcode placeholder} and {@linkcode compute} call this. */
  constructor(
    /** Where the tensor's elements are stored. */
    readonly buffer: Buffer,
    /** How the elements are computed; undefined for an input. */
    readonly definition?: Definition,
    /** The values that an input may have; undefined for all that its dtype has. */
    readonly domain?: Domain,
    /** What the shape variables must keep to. */
    readonly requires: readonly Requirement[] = [],
  ) {
    if (definition) computed.set(buffer, this);
  }

  /** The name of the tensor. */
  get name(): string {
    return this.buffer.name;
  }

  /** The extent of each dimension. */
  get shape(): readonly Expr[] {
    return this.buffer.shape;
  }

  /** The type of the elements in expressions. */
  get dtype(): ScalarType {
    return this.buffer.dtype;
  }

  /** The type of the elements in memory: `dtype`, or a type that is stored in parts of words. */
  get storage(): StorageType {
    return storageOf(this.buffer);
  }

  /** The tensor that this one is, once all updates are taken away: itself if it is computed or an input. */
  get updated(): Tensor {
    const value = this.definition?.value;
    return value?.kind === "update" ? value.target.updated : this;
  }

  /** Reads the element at `indices`, one for each dimension. */
  at(...indices: readonly ExprLike[]): Load {
    checkArgument(`${this.name}.at`, "indices", indices, INDICES);
    return load(this.buffer, ...indices);
  }
}

/** From the buffers that expressions mention to the tensors that they are computed as. */
export const computed = new WeakMap<Buffer, Tensor>();

export const shapeKind: Kind<readonly (ExprLike | string)[]> = passing("a list of extents", Array.isArray);
/** The kind of an argument that is a tensor. */
export const tensorKind: Kind<Tensor> = instanceOf(
  Tensor,
  "a tensor: a te.placeholder or one that is computed",
);

/** The values that an input may have, as {@linkcode placeholder} takes them. */
export interface PlaceholderDomain {
  /** The least value. Default: 0. */
  readonly from?: number;
  /** The values are below this: a number, a shape variable or its name, or an expression of shape variables. */
  readonly below: ExprLike | string;
  /** True if no two elements have the same value, as positions of {@linkcode op.scatterUpdate}. Default: false. */
  readonly distinct?: boolean;
}

/** The kind of an option that is a number or an expression of shape variables. */
export const indexKind: Kind<ExprLike | string> = passing(
  "a number, a shape variable or its name, or an expression of shape variables",
  (x) => Number.isFinite(x) || typeof x === "string" || isExpr(x),
);
const domainKind = nested({ from: number(), below: required(indexKind), distinct: flag }) as Kind<
  PlaceholderDomain
>;

/**
 * Makes an input tensor.
 *
 * @param shape the extent of each dimension: a positive integer, a shape variable or its name, or an expression of
 * shape variables
 * @param dtype the type of the elements in memory; f32 by default. Those of i8, u8 and bf16 are read as i32, u32 and f32
 * @param domain the values that it may have, as `{ below: "vocabulary" }`; by default all that its dtype has. Random
 * inputs are drawn from it, and the program need not be right outside of it.
 * @throws {OptionError} for an argument of a wrong kind
 * @throws {TeError} for an impossible extent
 */
export function placeholder(
  name: string,
  shape: readonly (ExprLike | string)[],
  dtype: StorageType = "f32",
  domain?: PlaceholderDomain,
): Tensor {
  checkArgument("te.placeholder", "name", name, text);
  checkArgument("te.placeholder", "shape", shape, shapeKind);
  checkArgument("te.placeholder", "dtype", dtype, storageTypeKind);
  if (domain !== undefined) checkArgument("te.placeholder", "domain", domain, domainKind);
  return new Tensor(buffer(name, extents(name, shape), dtype), undefined, domain && domainOf(name, domain));
}

/** The ends of a domain of floats may be any number; a shape variable or its name is an integer. */
function domainOf(name: string, { from, below, distinct }: PlaceholderDomain): Domain {
  return {
    ...(from === undefined ? {} : { from }),
    below: typeof below === "number" ? below : exprToJson(extents(name, [below])[0] as Expr),
    ...(distinct === undefined ? {} : { distinct }),
  };
}
