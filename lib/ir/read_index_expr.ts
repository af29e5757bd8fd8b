import { IrError } from "./error.ts";
import type { ExprJson } from "./json.ts";
import { quoteJson, readList, readNumber, readOneOf, readText } from "./json_fields.ts";

const OPS = ["add", "sub", "mul", "floordiv", "floormod", "shr", "bitand", "min", "max"] as const;
/** Levels of nesting that are read in an expression of shape variables. */
const DEEPEST = 100;

/**
 * Reads an expression of shape variables from untrusted JSON.
 *
 * @throws {IrError} where it is malformed, nested too deeply, or names a shape variable that there isn't
 */
export function readIndexExpr(x: unknown, shapeVars: readonly string[], depth = 0): ExprJson {
  if (depth > DEEPEST) {
    throw new IrError(`expected up to ${DEEPEST} levels of an expression of shapes, got more`);
  }
  if (typeof x === "number") return readNumber(x);
  if (typeof x === "string") {
    const name = readText(x);
    if (shapeVars.includes(name)) return name;
    throw new IrError(
      `expected a shape variable among ${shapeVars.join(", ") || "none"}, got ${
        quoteJson(name)
      }, in an expression of shapes`,
    );
  }
  const [op, a, b] = readList(x);
  return [readOneOf(op, OPS), readIndexExpr(a, shapeVars, depth + 1), readIndexExpr(b, shapeVars, depth + 1)];
}
