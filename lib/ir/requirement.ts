/** What a program asks of its shape variables. */
import { evaluate, type ExprJson } from "./json.ts";
import { readList, readRecord, readText } from "./json_fields.ts";
import { readIndexExpr } from "./read_index_expr.ts";

/** A condition on a program's shape variables. It is checked when they have values: at a launch, or by the interpreter. */
export interface Requirement {
  /** What is bounded. */
  readonly value: ExprJson;
  /** The most that it may be. */
  readonly atMost: ExprJson;
  /** Why, as the end of a sentence: `because the cache holds the queries' own tokens`. */
  readonly because: string;
}

/** Says which of `requires` these shapes break; undefined if they keep all. */
export function brokenRequirement(
  requires: readonly Requirement[],
  shapes: Readonly<Record<string, number>>,
): string | undefined {
  for (const { value, atMost, because } of requires) {
    const got = evaluate(value, shapes), most = evaluate(atMost, shapes);
    if (got <= most) continue;
    const limit = typeof atMost === "number" ? "" : ` (${printIndex(atMost)})`;
    return `expected ${printIndex(value)} to be up to ${most}${limit}, because ${because}, got ${got}`;
  }
  return undefined;
}

/** An expression of shape variables as text. */
export function printIndex(e: ExprJson): string {
  if (!Array.isArray(e)) return `${e}`;
  const [op, a, b] = e as readonly [string, ExprJson, ExprJson];
  const sign =
    ({ add: "+", sub: "-", mul: "*", floordiv: "//", floormod: "%" } as Record<string, string>)[op];
  const part = (x: ExprJson) => Array.isArray(x) && sign !== undefined ? `(${printIndex(x)})` : printIndex(x);
  return sign === undefined ? `${op}(${part(a)}, ${part(b)})` : `${part(a)} ${sign} ${part(b)}`;
}

/**
 * Reads requirements from untrusted JSON.
 *
 * @throws {IrError} where they are malformed, or name a shape variable that the program doesn't have
 */
export function readRequirements(x: unknown, shapeVars: readonly string[]): readonly Requirement[] {
  return readList(x).map((each) => {
    const { value, atMost, because } = readRecord(each);
    return {
      value: readIndexExpr(value, shapeVars),
      atMost: readIndexExpr(atMost, shapeVars),
      because: readText(because),
    };
  });
}
