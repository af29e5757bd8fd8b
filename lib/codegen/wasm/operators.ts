/** The instructions of operators: a table for each kind of operand. Operators that are missing take more than one. */
import type { BinaryOp, MathOp } from "../../ir/expr.ts";
import type { Op } from "./opcodes.ts";

type Table = Readonly<Partial<Record<BinaryOp, Op>>>;

const WORDS = {
  add: "i32.add",
  sub: "i32.sub",
  mul: "i32.mul",
  bitand: "i32.and",
  bitor: "i32.or",
  bitxor: "i32.xor",
  shl: "i32.shl",
  eq: "i32.eq",
  ne: "i32.ne",
} as const satisfies Table;

const WORD_VECTORS = {
  add: "i32x4.add",
  sub: "i32x4.sub",
  mul: "i32x4.mul",
  bitand: "v128.and",
  bitor: "v128.or",
  bitxor: "v128.xor",
  eq: "i32x4.eq",
  ne: "i32x4.ne",
  and: "v128.and",
  or: "v128.or",
} as const satisfies Table;

/** Operators on two scalars. */
export const SCALAR: Readonly<Record<"float" | "i32" | "u32", Table>> = {
  float: {
    add: "f32.add",
    sub: "f32.sub",
    mul: "f32.mul",
    div: "f32.div",
    min: "f32.min",
    max: "f32.max",
    eq: "f32.eq",
    ne: "f32.ne",
    lt: "f32.lt",
    le: "f32.le",
    gt: "f32.gt",
    ge: "f32.ge",
  },
  i32: { ...WORDS, shr: "i32.shr_s", lt: "i32.lt_s", le: "i32.le_s", gt: "i32.gt_s", ge: "i32.ge_s" },
  u32: { ...WORDS, shr: "i32.shr_u", lt: "i32.lt_u", le: "i32.le_u", gt: "i32.gt_u", ge: "i32.ge_u" },
};

/** Operators on two vectors. */
export const VECTOR: Readonly<Record<"float" | "i32" | "u32", Table>> = {
  float: {
    add: "f32x4.add",
    sub: "f32x4.sub",
    mul: "f32x4.mul",
    div: "f32x4.div",
    min: "f32x4.min",
    max: "f32x4.max",
    eq: "f32x4.eq",
    ne: "f32x4.ne",
    lt: "f32x4.lt",
    le: "f32x4.le",
    gt: "f32x4.gt",
    ge: "f32x4.ge",
  },
  i32: {
    ...WORD_VECTORS,
    min: "i32x4.min_s",
    max: "i32x4.max_s",
    lt: "i32x4.lt_s",
    le: "i32x4.le_s",
    gt: "i32x4.gt_s",
    ge: "i32x4.ge_s",
  },
  u32: {
    ...WORD_VECTORS,
    min: "i32x4.min_u",
    max: "i32x4.max_u",
    lt: "i32x4.lt_u",
    le: "i32x4.le_u",
    gt: "i32x4.gt_u",
    ge: "i32x4.ge_u",
  },
};

/** Functions of floats that are one instruction: of a scalar, and of a vector. */
export const ROUNDED: Readonly<Partial<Record<MathOp, readonly [scalar: Op, vector: Op]>>> = {
  abs: ["f32.abs", "f32x4.abs"],
  floor: ["f32.floor", "f32x4.floor"],
  round: ["f32.nearest", "f32x4.nearest"],
  sqrt: ["f32.sqrt", "f32x4.sqrt"],
};
