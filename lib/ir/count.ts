/** How much work a program is, whatever its schedule. */
import { bytesOf, isFloat } from "./dtype.ts";
import type { Expr } from "./expr.ts";
import type { PrimFunc } from "./func.ts";
import { evaluate, exprToJson } from "./json.ts";
import type { Stmt } from "./stmt.ts";
import { walkExpr } from "./visit.ts";

type Shapes = Readonly<Record<string, number>>;

/**
 * Floating-point operations of the program as written: every add, sub, mul, div, min, max and math call on
 * floats counts one, initialisations nothing.
 */
export function flopsOf(f: PrimFunc, shapes: Shapes = {}): number {
  const count = (s: Stmt): number => {
    switch (s.kind) {
      case "for":
        return extentOf(s.extent, shapes) * count(s.body);
      case "seq":
        return s.body.reduce((n, x) => n + count(x), 0);
      case "if":
        return count(s.then) + (s.else ? count(s.else) : 0);
      case "store":
        return operations(s.value);
      case "block":
        return count(s.body);
      case "let":
        return operations(s.value) + count(s.body);
      case "barrier":
        return 0;
      default:
        return s satisfies never;
    }
  };
  return count(f.body);
}

/** Bytes that any schedule must move at least: each parameter once. */
export function trafficOf(f: PrimFunc, shapes: Shapes = {}): number {
  return f.params.reduce(
    (n, b) => n + bytesOf(b.dtype) * b.shape.reduce((p, d) => p * extentOf(d, shapes), 1),
    0,
  );
}

function extentOf(e: Expr, shapes: Shapes): number {
  return evaluate(exprToJson(e), shapes);
}

const ARITHMETIC = new Set(["add", "sub", "mul", "div", "min", "max"]);

function operations(e: Expr): number {
  let n = 0;
  walkExpr(e, (x) => {
    if (isFloat(x.dtype) && (x.kind === "call" || (x.kind === "binary" && ARITHMETIC.has(x.op)))) n++;
  });
  return n;
}
