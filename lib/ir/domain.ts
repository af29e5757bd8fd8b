/** The values that a parameter may have, as a program declares them. */
import { isFloat, RANGE, type ScalarType } from "./dtype.ts";
import { IrError } from "./error.ts";
import { evaluate, type ExprJson } from "./json.ts";
import { type JsonFields, quoteJson, readNumber, readRecord } from "./json_fields.ts";
import { readIndexExpr } from "./read_index_expr.ts";

/** The values that an input may have: from `from` on, below `below`. */
export interface Domain {
  /** The least value. Default: 0. */
  readonly from?: number;
  /** The values are below this: a number, a shape variable's name, or an expression of shape variables. */
  readonly below: ExprJson;
  /** True if no two elements have the same value. Default: false. */
  readonly distinct?: boolean;
}

/** The domains of some of a program's parameters, by name. */
export type Domains = Readonly<Record<string, Domain>>;

/** The values that an input may have, as numbers. */
export interface Interval {
  /** The least value. */
  readonly from: number;
  /** The values are below this. */
  readonly below: number;
}

/**
 * Gives the values of a domain where the shape variables have values.
 *
 * @throws {IrError} for a domain without a value that `dtype` has, or a shape variable without a value
 */
export function intervalOf(
  name: string,
  dtype: ScalarType,
  domain: Domain,
  shapes: Readonly<Record<string, number>>,
): Interval {
  const { from = 0 } = domain;
  const below = typeof domain.below === "number" ? domain.below : evaluate(domain.below, shapes);
  const [lowest, highest] = RANGE[dtype];
  const integers = isFloat(dtype) || (Number.isInteger(from) && Number.isInteger(below));
  if (integers && from < below && from >= lowest && below <= highest + 1) return { from, below };
  throw new IrError(
    `expected a range of ${dtype} that has a value, got from ${from} to below ${below}, drawing input ${name}`,
  );
}

/**
 * Reads domains from untrusted JSON.
 *
 * @throws {IrError} where they are malformed, or name a parameter or shape variable that the program doesn't have
 */
export function readDomains(x: unknown, params: readonly string[], shapeVars: readonly string[]): Domains {
  const read = Object.entries(readRecord(x)).map(([name, domain]): [string, Domain] => {
    if (!params.includes(name)) {
      throw new IrError(`expected domains of ${params.join(", ")}, got one of ${quoteJson(name)}`);
    }
    const { from, below, distinct }: JsonFields = readRecord(domain);
    if (distinct !== undefined && typeof distinct !== "boolean") {
      throw new IrError(`expected distinct to be true or false, got ${quoteJson(distinct)}`);
    }
    return [name, {
      ...(from === undefined ? {} : { from: readNumber(from) }),
      below: readIndexExpr(below, shapeVars),
      ...(distinct === undefined ? {} : { distinct }),
    }];
  });
  return Object.fromEntries(read);
}
