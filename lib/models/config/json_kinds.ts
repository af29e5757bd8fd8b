/** Kinds of JSON values that configurations of language models have. */
import type { JsonKind } from "../../base/read_json.ts";

/** A finite number above 0. */
export const positiveNumber: JsonKind<number> = {
  takes: "a number above 0",
  read: (x) => typeof x === "number" && Number.isFinite(x) && x > 0 ? x : undefined,
};

/** An integer from `least` to `most`. */
export function integerBetween(least: number, most: number): JsonKind<number> {
  return {
    takes: `an integer from ${least} to ${most}`,
    read: (x) => typeof x === "number" && Number.isInteger(x) && x >= least && x <= most ? x : undefined,
  };
}
