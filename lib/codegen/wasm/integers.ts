/** Operators on integers that take more than one instruction. */
import { scalarOf } from "../../ir/dtype.ts";
import type { Binary, Call, Expr, Var } from "../../ir/expr.ts";
import type { Op } from "./opcodes.ts";
import type { AccessBounds } from "./access_bounds.ts";
import type { Body, Push } from "./body.ts";
import { isVector } from "./types.ts";

/** What prints the operands. */
export interface Operands {
  /** What is written. */
  readonly body: Body;
  /** What is known about integers. */
  readonly bounds: AccessBounds;
  /** Pushes each variable. */
  readonly vars: Map<Var, Push>;
  /** Pushes the value of an expression. */
  expr(e: Expr): void;
  /** Pushes the value of an operator. */
  binary(e: Binary): void;
}

export function printExtreme(p: Operands, e: Binary): void {
  const { body } = p, lt: Op = scalarOf(e.dtype) === "u32" ? "i32.lt_u" : "i32.lt_s";
  body.temps("i32", 2, ([a = 0, b = 0]) => {
    p.expr(e.a);
    body.set(a);
    p.expr(e.b);
    body.set(b);
    if (e.op === "min") body.get(a).get(b);
    else body.get(b).get(a);
    body.get(a).get(b).op(lt).op("select");
  });
}

/** Divisions that round down. None of them traps. */
export function printDivision(p: Operands, e: Binary): void {
  const { body } = p, quotient = e.op === "floordiv";
  if (isVector(e)) return printByLane(p, e);
  const positive = e.b.kind === "const" && e.b.value > 0;
  if (scalarOf(e.dtype) === "u32" || p.bounds.isNatural(e.a, e.b)) {
    p.expr(e.a);
    p.expr(e.b);
    if (!positive) body.temp("i32", (b) => body.tee(b).get(b).op("i32.eqz").op("i32.or"));
    return void body.op(quotient ? "i32.div_u" : "i32.rem_u");
  }
  body.temps("i32", 3, ([a = 0, b = 0, rest = 0]) => {
    p.expr(e.a);
    body.set(a);
    p.expr(e.b);
    body.tee(b).get(b).op("i32.eqz").op("i32.or").set(b);
    // In 64 bits no quotient overflows.
    body.get(a).op("i64.extend_i32_s").get(b).op("i64.extend_i32_s").op("i64.rem_s").op("i32.wrap_i64").set(
      rest,
    );
    const inexact = () =>
      body.get(rest).get(b).op("i32.xor").i32(31).op("i32.shr_s").get(rest).i32(0).op("i32.ne");
    if (quotient) {
      body.get(a).op("i64.extend_i32_s").get(b).op("i64.extend_i32_s").op("i64.div_s").op("i32.wrap_i64");
      inexact().op("i32.and").op("i32.sub");
    } else {
      body.get(rest).get(b).i32(0);
      inexact().op("i32.and").op("select").op("i32.add");
    }
  });
}

/** Shifts of vectors: by one amount, or by an amount for each lane. */
export function printShift(p: Operands, e: Binary): void {
  const { body } = p;
  if (e.b.kind !== "broadcast") return printByLane(p, e);
  p.expr(e.a);
  p.expr(e.b.a);
  body.op(e.op === "shl" ? "i32x4.shl" : scalarOf(e.dtype) === "u32" ? "i32x4.shr_u" : "i32x4.shr_s");
}

/** `(x >> [0, 4, 8, 12]) & 15`: WebAssembly shifts all lanes alike, so a product moves each field to the top. */
export function printField(p: Operands, e: Binary): boolean {
  const { body } = p;
  if (e.a.kind !== "binary" || e.a.op !== "shr" || scalarOf(e.dtype) !== "u32") return false;
  const mask = e.b.kind === "broadcast" && e.b.a.kind === "const" ? e.b.a.value : 0;
  const bits = Math.log2(mask + 1), places = constantLanes(e.a.b);
  if (!Number.isInteger(bits) || bits === 0 || !places?.every((p) => p >= 0 && p + bits <= 32)) {
    return false;
  }
  p.expr(e.a.a);
  if (places.every((p) => p === places[0])) {
    if (places[0] !== 0) body.i32(places[0] ?? 0).op("i32x4.shr_u");
    body.i32x4(mask).op("v128.and");
  } else {
    body.i32x4(...places.map((p) => 2 ** (32 - bits - p))).op("i32x4.mul").i32(32 - bits).op("i32x4.shr_u");
  }
  return true;
}

/** An operator on vectors, lane by lane. */
export function printByLane(p: Operands, e: Binary): void {
  const { body } = p;
  body.temps("v128", 2, ([a = 0, b = 0]) => {
    p.expr(e.a);
    body.set(a);
    p.expr(e.b);
    body.set(b);
    const dtype = scalarOf(e.dtype);
    const name = (local: number): Var & { readonly local: number } => ({
      kind: "var",
      dtype,
      name: "lane",
      local,
    });
    [0, 1, 2, 3].forEach((k) => {
      const lanes = [name(a), name(b)] as const;
      for (const v of lanes) p.vars.set(v, () => void body.get(v.local).op("i32x4.extract_lane", k));
      p.binary({ ...e, dtype, a: lanes[0], b: lanes[1] });
      if (k === 0) body.op("i32x4.splat");
      else body.op("i32x4.replace_lane", k);
    });
  });
}

export function printAbsolute(p: Operands, x: Expr): void {
  const { body } = p;
  p.expr(x);
  if (scalarOf(x.dtype) === "u32") return;
  if (isVector(x)) return void body.op("i32x4.abs");
  body.temps(
    "i32",
    2,
    ([value = 0, sign = 0]) =>
      body.tee(value).get(value).i32(31).op("i32.shr_s").tee(sign).op("i32.xor").get(sign).op("i32.sub"),
  );
}

/** Products of the signed bytes of two words, added up; a scalar is one lane of a vector. */
export function printDot(p: Operands, e: Call): void {
  const { body } = p, vector = isVector(e);
  body.temps("v128", 2, ([left = 0, right = 0]) => {
    [left, right].forEach((local, k) => {
      p.expr(e.args[k] as Expr);
      if (!vector) body.op("i32x4.splat");
      body.set(local);
    });
    for (const half of ["low", "high"] as const) {
      body.get(left).get(right).op(`i16x8.extmul_${half}_i8x16_s`).op("i32x4.extadd_pairwise_i16x8_s");
    }
    body.set(right).set(left);
    // Each word has two sums of pairs, side by side.
    for (const first of [0, 4]) {
      const lanes = [0, 8, 16, 24].flatMap((at) => [0, 1, 2, 3].map((k) => at + first + k));
      body.get(left).get(right).op("i8x16.shuffle", ...lanes);
    }
    body.op("i32x4.add");
  });
  if (!vector) body.op("i32x4.extract_lane", 0);
}

/** The lanes of a vector that are constants. */
function constantLanes(e: Expr): readonly number[] | undefined {
  if (e.kind === "cast") return constantLanes(e.a);
  if (e.kind === "broadcast" && e.a.kind === "const") return Array<number>(4).fill(e.a.value);
  if (e.kind === "shuffle" && e.lanes.every((x) => x.kind === "const")) return e.lanes.map((x) => x.value);
  if (e.kind !== "ramp" || e.base.kind !== "const") return undefined;
  const { base, stride } = e;
  return [0, 1, 2, 3].map((k) => base.value + k * stride);
}
