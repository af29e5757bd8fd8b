import { constant } from "../ir/build.ts";
import { isFloat, RANGE, type ScalarType } from "../ir/dtype.ts";
import type { Expr } from "../ir/expr.ts";
import { TeError } from "../te/error.ts";

/**
 * Makes a constant of a dtype; floats may be infinite.
 *
 * @param name the option that has the value, for the message
 * @throws {TeError} for a number that the dtype doesn't have
 */
export function constantOf(operator: string, name: string, value: number, dtype: ScalarType): Expr {
  const [lowest, highest] = RANGE[dtype];
  const inRange = value >= lowest && value <= highest;
  if (isFloat(dtype) ? inRange || Math.abs(value) === Infinity : inRange && Number.isInteger(value)) {
    return constant(value, dtype);
  }
  throw new TeError(`expected ${name} to be a number of ${dtype}, got ${value}, in ${operator}`);
}
