/** What sort and argsort share. */
import { checkOptions, type Fields } from "../base/check_options.ts";
import { flag, integer } from "../base/option_kinds.ts";
import type { Expr } from "../ir/expr.ts";
import type { Tensor } from "../te/tensor.ts";
import { checkTensors, checkTypes, dimensionOf } from "./check_tensors.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";
import { keysOf, positionsInOrder } from "./ranks.ts";
import { NUMBERS } from "./reduce_by.ts";

/** The options of {@linkcode sort} and {@linkcode argsort}. */
export interface SortOptions extends ResultOptions {
  /** The dimension along which elements are sorted; below 0 it counts from the end. Default: -1, the last one. */
  readonly axis?: number;
  /** Whether the largest element is the first. Default: false. */
  readonly descending?: boolean;
}
const OPTIONS = { axis: integer(), descending: flag, ...RESULT } satisfies Fields<SortOptions>;

/** Reads the options; `positions` has the sorted dimension last. */
export function sorted(operator: "sort" | "argsort", A: Tensor, options: SortOptions) {
  checkTensors(operator, { A });
  checkOptions(`op.${operator}`, options, OPTIONS);
  checkTypes(operator, { A }, ...NUMBERS);
  const axis = dimensionOf(operator, A, options.axis ?? -1), first = options.descending ? "max" : "min";
  const positions = (name: string) =>
    positionsInOrder(name, keysOf(A, axis, first), A.shape[axis] as Expr, first);
  return { axis, positions, ...(options.name === undefined ? {} : { name: options.name }) };
}
