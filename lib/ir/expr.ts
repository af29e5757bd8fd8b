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
import type { DType, ScalarType, StoredType } from "./dtype.ts";

/** An expression. */
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
  /** Tells this node from the others. */
  readonly kind: "const";
  /** The type of the value. */
  readonly dtype: ScalarType;
  /** The value. */
  readonly value: number;
}
/** A loop, block or shape variable. Its identity is the object, not the name. */
export interface Var {
  /** Tells this node from the others. */
  readonly kind: "var";
  /** The type of the value. */
  readonly dtype: ScalarType;
  /** The name, for printing. */
  readonly name: string;
}
/** Arithmetic on two numbers of one type. */
export type ArithOp = "add" | "sub" | "mul" | "div" | "floordiv" | "floormod" | "min" | "max";
/** Arithmetic on the bits of two integers of one type. */
export type BitOp = "bitand" | "bitor" | "bitxor" | "shl" | "shr";
/** A comparison of two numbers of one type; the value is a boolean. */
export type CompareOp = "eq" | "ne" | "lt" | "le" | "gt" | "ge";
/** Logic on two booleans. */
export type LogicOp = "and" | "or";
/** An operator on two operands. */
export type BinaryOp = ArithOp | BitOp | CompareOp | LogicOp;
/** `div` is for floats, `floordiv` and `floormod` for integers. */
export interface Binary {
  /** Tells this node from the others. */
  readonly kind: "binary";
  /** The type of the value. */
  readonly dtype: DType;
  /** The operator. */
  readonly op: BinaryOp;
  /** The left operand. */
  readonly a: Expr;
  /** The right operand. */
  readonly b: Expr;
}
/** The opposite of a boolean. */
export interface Not {
  /** Tells this node from the others. */
  readonly kind: "not";
  /** The type of the value. */
  readonly dtype: DType;
  /** The boolean. */
  readonly a: Expr;
}
/** One of two values, by a condition. */
export interface Select {
  /** Tells this node from the others. */
  readonly kind: "select";
  /** The type of the value. */
  readonly dtype: DType;
  /** The condition, a boolean. */
  readonly cond: Expr;
  /** The value where the condition holds. */
  readonly a: Expr;
  /** The value where it does not hold. */
  readonly b: Expr;
}
/** Value conversion, as in WGSL: float to integer truncates toward zero. */
export interface Cast {
  /** Tells this node from the others. */
  readonly kind: "cast";
  /** The type of the value. */
  readonly dtype: DType;
  /** The value that is converted. */
  readonly a: Expr;
}
/** A function that a target computes. */
export type MathOp =
  | "exp"
  | "exp2"
  | "log"
  | "log2"
  | "sqrt"
  | "rsqrt"
  | "sin"
  | "cos"
  | "atan"
  | "tanh"
  | "erf"
  | "abs"
  | "floor"
  | "round"
  | "pow"
  | "fma"
  | "isNaN"
  | "bitcastF32"
  | "bitcastI32"
  | "bitcastU32"
  | "dot4I8Packed"
  | "subgroupShuffleXor";
/**
 * `round` is to the nearest integer, and to the even one of two. `isNaN` is a boolean. The bitcasts read the 32 bits of a
 * value as one of another type. `dot4I8Packed` is of two u32 that hold four signed bytes each: the i32 sum of the products of their bytes.
 * `subgroupShuffleXor(x, mask)` is what `x` is for the thread whose place in the subgroup is `own ^ mask`, a
 * constant; it appears only in lowered programs, where all threads of a subgroup pass.
 */
export interface Call {
  /** Tells this node from the others. */
  readonly kind: "call";
  /** The type of the value. */
  readonly dtype: DType;
  /** The function. */
  readonly op: MathOp;
  /** The arguments, in order. */
  readonly args: readonly Expr[];
}
/** One element of `buffer`, one index a dimension; in a flat kernel, one index. */
export interface Load {
  /** Tells this node from the others. */
  readonly kind: "load";
  /** The type of the value. */
  readonly dtype: DType;
  /** The tensor that is read. */
  readonly buffer: Buffer;
  /** The position of the element. */
  readonly indices: readonly Expr[];
}
/** `[base, base + stride, …]`, an integer vector. */
export interface Ramp {
  /** Tells this node from the others. */
  readonly kind: "ramp";
  /** The type of the value. */
  readonly dtype: DType;
  /** The first element. */
  readonly base: Expr;
  /** The difference of neighbouring elements. */
  readonly stride: number;
}
/** A vector whose elements are all equal. */
export interface Broadcast {
  /** Tells this node from the others. */
  readonly kind: "broadcast";
  /** The type of the value. */
  readonly dtype: DType;
  /** The element. */
  readonly a: Expr;
}
/** A vector of scalars, one per lane. */
export interface Shuffle {
  /** Tells this node from the others. */
  readonly kind: "shuffle";
  /** The type of the value. */
  readonly dtype: DType;
  /** The elements, in order. */
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
  /** Tells a buffer from an expression. */
  readonly kind: "buffer";
  /** The name, unique in a program. */
  readonly name: string;
  /** The type of an element. */
  readonly dtype: ScalarType;
  /** The extent of each dimension. */
  readonly shape: readonly Expr[];
  /** Where the elements are stored. */
  readonly scope: Scope;
  /** The type of the elements in memory, where that is no type of arithmetic; parameters alone have one. Default: `dtype`. */
  readonly stored?: StoredType;
  /** The extents as a caller gives them, where a schedule has made one axis of several. Default: `shape`. */
  readonly given?: readonly Expr[];
}
