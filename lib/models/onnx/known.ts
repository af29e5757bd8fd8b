/** Arithmetic of elements that are known at import: numbers, and expressions of shape variables. */
import { isConst } from "../../ir/build.ts";
import { asExpr, isEqual, minus, over, plus, productOf, quotient, times } from "../../op/extents.ts";
import { ELEMENT_TYPES, type ElementType, isFloatType } from "./element_types.ts";
import { elementOf, exprOf, isSmall, type KnownElement } from "./item.ts";

/** An operation on known elements; undefined where the result isn't known. */
export type KnownOperation = (
  a: KnownElement,
  b: KnownElement,
  type: ElementType,
) => KnownElement | undefined;

/** Computes numbers as numbers, and anything else as expressions. */
function operation(
  numbers: (a: number, b: number, type: ElementType) => number | undefined,
  symbols: (a: KnownElement, b: KnownElement, type: ElementType) => KnownElement | undefined,
): KnownOperation {
  return (a, b, type) =>
    typeof a === "number" && typeof b === "number"
      ? rounded(numbers(a, b, type), type)
      : wholeOnly(a) && wholeOnly(b)
      ? small(symbols(a, b, type))
      : undefined;
}

function small(x: KnownElement | undefined): KnownElement | undefined {
  return x === undefined || typeof x === "number" || isSmall(x) ? x : undefined;
}

function wholeOnly(x: KnownElement): boolean {
  return typeof x !== "number" || (Number.isInteger(x) && Math.abs(x) < 2 ** 31);
}

/** Rounds a number as its type does. */
export function rounded(x: number | undefined, type: ElementType): number | undefined {
  if (x === undefined) return undefined;
  if (isFloatType(type)) return type === "double" ? x : Math.fround(x);
  const { wraps } = ELEMENT_TYPES[type];
  if (!wraps) return x;
  const [least, largest] = wraps, n = largest - least + 1;
  return ((x - least) % n + n) % n + least;
}

const flag = (x: boolean) => x ? 1 : 0;

/** Gives a bound that an expression is never below; undefined where none is known. Shape variables are at least 1. */
function leastOf(x: KnownElement): number | undefined {
  if (typeof x === "number") return x;
  if (x.kind === "const") return x.value;
  if (x.kind === "var") return 1;
  if (x.kind !== "binary") return undefined;
  const a = leastOf(x.a), b = leastOf(x.b);
  if (a === undefined || b === undefined) return undefined;
  switch (x.op) {
    case "add":
      return a + b;
    case "mul":
      return a >= 0 && b >= 0 ? a * b : undefined;
    case "sub":
      return isConst(x.b) ? a - b : undefined;
    case "floordiv":
      return isConst(x.b) && b > 0 ? Math.floor(a / b) : a >= 0 && b > 0 ? 0 : undefined;
    default:
      return undefined;
  }
}

type Order = "less" | "equal" | "greater";

/** Tells the order of two elements; undefined where it depends on shape variables. */
function compared(a: KnownElement, b: KnownElement): Order | undefined {
  if (typeof a === "number" && typeof b === "number") {
    return a < b ? "less" : a > b ? "greater" : a === b ? "equal" : undefined;
  }
  if (typeof a === "number") return a < (leastOf(b) ?? -Infinity) ? "less" : undefined;
  if (typeof b === "number") return b < (leastOf(a) ?? -Infinity) ? "greater" : undefined;
  return isEqual(a, b) ? "equal" : undefined;
}

function comparison(...holds: readonly Order[]): KnownOperation {
  return (a, b) => {
    const order = compared(a, b);
    return order && flag(holds.includes(order));
  };
}

/** Divides; of floats only where the quotient is whole, and of integers where rounding to 0 is rounding down. */
function divided(a: KnownElement, b: KnownElement, type: ElementType): KnownElement | undefined {
  if (!((leastOf(b) ?? 0) > 0)) return undefined;
  const exact = quotient(productOf([exprOf(a)]), productOf([exprOf(b)]));
  if (exact) return elementOf(asExpr(exact));
  return isFloatType(type) || !((leastOf(a) ?? -1) >= 0) ? undefined : elementOf(over(exprOf(a), exprOf(b)));
}

/** The operations of two elements, by ONNX's names. */
export const KNOWN_PAIRS: Readonly<Record<string, KnownOperation>> = {
  Add: operation((a, b) => a + b, (a, b) => elementOf(plus(exprOf(a), exprOf(b)))),
  Sub: operation((a, b) => a - b, (a, b) => {
    const x = exprOf(a), y = exprOf(b);
    return isEqual(x, y) ? 0 : elementOf(minus(x, y));
  }),
  Mul: operation((a, b) => a * b, (a, b) => {
    if (a === 0 || b === 0) return 0;
    return elementOf(asExpr(productOf([times(exprOf(a), exprOf(b))])));
  }),
  Div: operation(
    (a, b, type) => isFloatType(type) ? a / b : b === 0 ? undefined : Math.trunc(a / b),
    divided,
  ),
  Mod: operation((a, b) => b === 0 ? undefined : a - b * Math.floor(a / b), () => undefined),
  Pow: operation((a, b) => a ** b, () => undefined),
  Min: operation((a, b) => Math.min(a, b), (a, b) => pick(a, b, "less")),
  Max: operation((a, b) => Math.max(a, b), (a, b) => pick(a, b, "greater")),
  Equal: comparison("equal"),
  Less: comparison("less"),
  LessOrEqual: comparison("less", "equal"),
  Greater: comparison("greater"),
  GreaterOrEqual: comparison("greater", "equal"),
  And: operation((a, b) => flag(a !== 0 && b !== 0), () => undefined),
  Or: operation((a, b) => flag(a !== 0 || b !== 0), () => undefined),
  Xor: operation((a, b) => flag((a !== 0) !== (b !== 0)), () => undefined),
};

function pick(a: KnownElement, b: KnownElement, wanted: "less" | "greater"): KnownElement | undefined {
  const order = compared(a, b) ?? atMost(a, b);
  return order && (order === wanted || order === "equal" ? a : b);
}

/** Tells the order of a number and an expression that may be equal to it, but not below. */
function atMost(a: KnownElement, b: KnownElement): Order | undefined {
  if (typeof a === "number") return a === leastOf(b) ? "less" : undefined;
  return typeof b === "number" && b === leastOf(a) ? "greater" : undefined;
}

/** The functions of one number, by ONNX's names. */
export const KNOWN_FUNCTIONS: Readonly<Record<string, (x: number) => number>> = {
  Neg: (x) => -x,
  Abs: Math.abs,
  Floor: Math.floor,
  Ceil: Math.ceil,
  Sqrt: Math.sqrt,
  Exp: Math.exp,
  Log: Math.log,
  Reciprocal: (x) => 1 / x,
  Sign: Math.sign,
  Not: (x) => flag(x === 0),
  Identity: (x) => x,
};

/** Tells whether a function leaves an expression, which is a whole number, as it is. */
export function leaves(op: string, x: KnownElement): boolean {
  return op === "Floor" || op === "Ceil" || op === "Identity" || (op === "Abs" && (leastOf(x) ?? -1) >= 0);
}

/** Converts a known element to another type; undefined where an expression can't be. */
export function converted(x: KnownElement, from: ElementType, to: ElementType): KnownElement | undefined {
  if (typeof x !== "number") return to === "bool" ? undefined : isConst(x) ? x.value : x;
  if (to === "bool") return flag(x !== 0);
  if (isFloatType(to)) return to === "float16" ? new Float16Array([x])[0] : rounded(x, to);
  return isFloatType(from) ? (Number.isFinite(x) ? rounded(Math.trunc(x), to) : undefined) : rounded(x, to);
}
