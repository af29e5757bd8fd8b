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
  symbols: (a: KnownElement, b: KnownElement) => KnownElement | undefined,
): KnownOperation {
  return (a, b, type) =>
    typeof a === "number" && typeof b === "number"
      ? rounded(numbers(a, b, type), type)
      : wholeOnly(a) && wholeOnly(b)
      ? small(symbols(a, b))
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

/** Tells the order of an extent, which is at least 1, and a number below. */
function compared(a: KnownElement, b: KnownElement): "less" | "equal" | "greater" | undefined {
  if (typeof a === "number" && typeof b === "number") return a < b ? "less" : a > b ? "greater" : "equal";
  if (typeof a === "number") return a < 1 ? "less" : undefined;
  if (typeof b === "number") return b < 1 ? "greater" : undefined;
  return isEqual(a, b) ? "equal" : undefined;
}

function comparison(...holds: readonly ("less" | "equal" | "greater")[]): KnownOperation {
  return (a, b) => {
    const order = isSized(a) && isSized(b) ? compared(a, b) : undefined;
    return order && flag(holds.includes(order));
  };
}

/** Only extents are known to be at least 1: a shape variable, or a product. */
function isSized(x: KnownElement): boolean {
  return typeof x === "number" || x.kind === "var" ||
    (x.kind === "binary" && x.op === "mul" && isSized(elementOf(x.a)) && isSized(elementOf(x.b)));
}

function divided(a: KnownElement, b: KnownElement): KnownElement | undefined {
  if (b === 0 || (typeof b === "number" && b < 0)) return undefined;
  const exact = quotient(productOf([exprOf(a)]), productOf([exprOf(b)]));
  return elementOf(exact ? asExpr(exact) : over(exprOf(a), exprOf(b)));
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
  if (a === 1 && typeof b !== "number" && isSized(b)) return wanted === "greater" ? b : a;
  if (b === 1 && typeof a !== "number" && isSized(a)) return wanted === "greater" ? a : b;
  const order = isSized(a) && isSized(b) ? compared(a, b) : undefined;
  return order && (order === wanted || order === "equal" ? a : b);
}

/** The functions of one number, by ONNX's names. Whole expressions pass through those of `WHOLE`. */
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

/** The functions that leave extents as they are. */
export const WHOLE: readonly string[] = ["Abs", "Floor", "Ceil", "Identity"];

/** Converts a known element to another type; undefined where an expression can't be. */
export function converted(x: KnownElement, from: ElementType, to: ElementType): KnownElement | undefined {
  if (typeof x !== "number") return to === "bool" ? undefined : isConst(x) ? x.value : x;
  if (to === "bool") return flag(x !== 0);
  if (isFloatType(to)) return to === "float16" ? new Float16Array([x])[0] : rounded(x, to);
  return isFloatType(from) ? (Number.isFinite(x) ? rounded(Math.trunc(x), to) : undefined) : rounded(x, to);
}
