/** Programs as JSON, and back. Index expressions are short: `["floordiv", ["add", "m", 31], 32]`. */
import { ownValue } from "../base/own_value.ts";
import { add, binary, floorDiv, floorMod, max, min, mul, sub, toExpr } from "./build.ts";
import { foldBinary } from "./fold.ts";
import { IrError } from "./error.ts";
import type { Expr, Var } from "./expr.ts";

/** An integer expression over shape variables: a number, a variable's name, or `[op, a, b]`. */
export type ExprJson = number | string | readonly [op: IndexOp, a: ExprJson, b: ExprJson];
/** The operators of index expressions in JSON. */
export type IndexOp = "add" | "sub" | "mul" | "floordiv" | "floormod" | "shr" | "bitand" | "min" | "max";

const BUILD: Readonly<Record<IndexOp, (a: Expr, b: Expr) => Expr>> = {
  add,
  sub,
  mul,
  floordiv: floorDiv,
  floormod: floorMod,
  shr: (a, b) => binary("shr", a, b),
  bitand: (a, b) => binary("bitand", a, b),
  min,
  max,
};

/** An index expression as JSON. */
export function exprToJson(e: Expr): ExprJson {
  if (e.kind === "const") return e.value;
  if (e.kind === "var") return e.name;
  if (e.kind === "binary" && Object.hasOwn(BUILD, e.op)) {
    return [e.op as IndexOp, exprToJson(e.a), exprToJson(e.b)];
  }
  throw new IrError(
    `cannot write a ${e.kind} as an index expression: only integer arithmetic over shape variables has this form`,
  );
}

/** The expression of `json`, its names looked up in `vars`. */
export function exprFromJson(json: ExprJson, vars: ReadonlyMap<string, Var>): Expr {
  if (typeof json === "number") return toExpr(json);
  if (typeof json === "string") {
    const v = vars.get(json);
    if (!v) {
      throw new IrError(`unknown shape variable ${json}: known are ${[...vars.keys()].join(", ") || "none"}`);
    }
    return v;
  }
  return BUILD[json[0]](exprFromJson(json[1], vars), exprFromJson(json[2], vars));
}

/**
 * The value of an index expression where `env` gives the shape variables. It is exact: it doesn't wrap around. A caller that
 * needs a value of i32 compares.
 *
 * @throws {IrError} for a variable without a value, or a division by zero
 */
export function evaluate(json: ExprJson, env: Readonly<Record<string, number>>): number {
  if (typeof json === "number") return json;
  if (typeof json === "string") {
    const value = ownValue(env, json);
    if (value === undefined) throw new IrError(`shape variable ${json} has no value`);
    return value;
  }
  const a = evaluate(json[1], env), b = evaluate(json[2], env);
  if (json[0] === "add") return a + b;
  if (json[0] === "sub") return a - b;
  if (json[0] === "mul") return a * b;
  const value = foldBinary(json[0], "i32", a, b);
  if (value === undefined) throw new IrError(`division by zero in an index expression`);
  return value;
}
