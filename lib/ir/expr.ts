/**
 * The grammar of expressions. An expression is immutable data; every node
 * carries its `dtype`. Meaning:
 *
 * - integer arithmetic is exact within 32 bits; `floordiv` and `floormod` round
 *   toward minus infinity (so `a == floordiv(a,b)*b + floormod(a,b)`);
 * - `select` evaluates only the branch that it takes;
 * - `load` outside the buffer is an error of the program, never a value;
 * - `ramp`, `broadcast` and `shuffle` appear only once loops are vectorized.
 */
import type { DType, ScalarType } from "./dtype.ts";

export type Expr =
  | Const
  | Var
  | Binary
  | Not
  | Select
  | Cast
  | Call
  | Load
  | Ramp
  | Broadcast
  | Shuffle;

/** A literal; booleans are 0 and 1. */
export interface Const {
  readonly kind: "const";
  readonly dtype: ScalarType;
  readonly value: number;
}
/** A loop, block or shape variable. Its identity is the object, not the name. */
export interface Var {
  readonly kind: "var";
  readonly dtype: ScalarType;
  readonly name: string;
}
export type ArithOp = "add" | "sub" | "mul" | "div" | "floordiv" | "floormod" | "min" | "max";
export type BitOp = "bitand" | "bitor" | "bitxor" | "shl" | "shr";
export type CompareOp = "eq" | "ne" | "lt" | "le" | "gt" | "ge";
export type LogicOp = "and" | "or";
export type BinaryOp = ArithOp | BitOp | CompareOp | LogicOp;
/** `div` is for floats, `floordiv` and `floormod` for integers. */
export interface Binary {
  readonly kind: "binary";
  readonly dtype: DType;
  readonly op: BinaryOp;
  readonly a: Expr;
  readonly b: Expr;
}
export interface Not {
  readonly kind: "not";
  readonly dtype: DType;
  readonly a: Expr;
}
export interface Select {
  readonly kind: "select";
  readonly dtype: DType;
  readonly cond: Expr;
  readonly a: Expr;
  readonly b: Expr;
}
/** Value conversion, as in WGSL: float to integer truncates toward zero. */
export interface Cast {
  readonly kind: "cast";
  readonly dtype: DType;
  readonly a: Expr;
}
export type MathOp =
  | "exp"
  | "log"
  | "sqrt"
  | "rsqrt"
  | "sin"
  | "cos"
  | "tanh"
  | "erf"
  | "abs"
  | "floor"
  | "pow"
  | "fma"
  | "dot4I8Packed"
  | "subgroupShuffleXor";
/**
 * `dot4I8Packed` is of two u32 that hold four signed bytes each: the i32 sum of the products of their bytes.
 * `subgroupShuffleXor(x, mask)` is what `x` is for the thread whose place in the subgroup is `own ^ mask`, a
 * constant; it appears only in lowered programs, where all threads of a subgroup pass.
 */
export interface Call {
  readonly kind: "call";
  readonly dtype: DType;
  readonly op: MathOp;
  readonly args: readonly Expr[];
}
/** One element of `buffer`, one index a dimension; in a flat kernel, one index. */
export interface Load {
  readonly kind: "load";
  readonly dtype: DType;
  readonly buffer: Buffer;
  readonly indices: readonly Expr[];
}
/** `[base, base + stride, …]`, an integer vector. */
export interface Ramp {
  readonly kind: "ramp";
  readonly dtype: DType;
  readonly base: Expr;
  readonly stride: number;
}
export interface Broadcast {
  readonly kind: "broadcast";
  readonly dtype: DType;
  readonly a: Expr;
}
/** A vector put together from scalars, one a lane. */
export interface Shuffle {
  readonly kind: "shuffle";
  readonly dtype: DType;
  readonly lanes: readonly Expr[];
}

/**
 * Where a buffer lives: `global` (storage buffer), `shared` (workgroup memory),
 * `local` (registers of one thread), `texture` (a read-only input that is
 * read through textureLoad, four elements of the last dimension a texel),
 * `uniform` (a small read-only input in a uniform buffer).
 */
export type Scope = "global" | "shared" | "local" | "texture" | "uniform";

/** Where an input may live besides `global`. */
export function isReadOnly(scope: Scope): scope is "texture" | "uniform" {
  return scope === "texture" || scope === "uniform";
}

/** A tensor. Its identity is the object, not the name; dimensions may hold shape variables. */
export interface Buffer {
  readonly kind: "buffer";
  readonly name: string;
  readonly dtype: ScalarType;
  readonly shape: readonly Expr[];
  readonly scope: Scope;
}
