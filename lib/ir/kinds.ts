/** The kinds of a program and its parts, as public calls take them. */
import type { Kind } from "../base/check_options.ts";
import { instanceOf, number, oneOf, passing, recordOf } from "../base/option_kinds.ts";
import type { ExprLike } from "./build.ts";
import type { DType, ScalarType, StorageType, StoredType } from "./dtype.ts";
import type { Expr } from "./expr.ts";
import { PrimFunc } from "./func.ts";
import type { Shapes } from "./shapes.ts";
import { STORAGE_TYPES } from "./stored.ts";

/** A program. */
export const programKind: Kind<PrimFunc> = instanceOf(
  PrimFunc,
  "a PrimFunc, as te.matmul({ … }) makes one",
);

/** The type of one element. */
export const scalarTypeKind: Kind<ScalarType> = oneOf("f32", "f16", "i32", "u32", "bool");

/** A type of memory alone. */
export const storedTypeKind: Kind<StoredType> = oneOf("i8", "u8", "bf16");

/** The type of one element in memory. */
export const storageTypeKind: Kind<StorageType> = oneOf(...STORAGE_TYPES);

/** The type of one element, or of a vector of several. */
export const dtypeKind: Kind<DType> = passing(
  `${scalarTypeKind.takes}, or a vector of them, such as f32x4`,
  (x) => typeof x === "string" && /^(?:f32|f16|i32|u32|bool)(?:x[24])?$/.test(x),
);

/** Tells whether a value is an expression. */
export function isExpr(x: unknown): x is Expr {
  return typeof x === "object" && x !== null && "kind" in x && "dtype" in x;
}

/** An expression. */
export const exprKind: Kind<Expr> = passing(
  "an expression, as A.at(i) or expr.lt(a, b) makes one",
  isExpr,
);

/** An expression, or a number that takes the type of the other side. */
export const exprLikeKind: Kind<ExprLike> = passing(
  "a number or an expression, as A.at(i) makes one",
  (x) => typeof x === "number" || isExpr(x),
);

/** Values of shape variables by name. */
export const shapesKind: Kind<Shapes> = recordOf(number({}, "a number"));
