/** Positions that are data. */
import type { Fields } from "../base/check_options.ts";
import { flag } from "../base/option_kinds.ts";
import { add, lt, max, min, select } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import { minus } from "./extents.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";

/** The options of an operator that reads elements at positions that are data. */
export interface IndexOptions extends ResultOptions {
  /** Indices below 0 count from the end, so that -1 is the last one (NumPy, ONNX). Default: false. */
  readonly negative?: boolean;
}

/** The kinds of {@linkcode IndexOptions}. */
export const INDEX = { negative: flag, ...RESULT } satisfies Fields<IndexOptions>;

/** Counts an index below 0 from the end. */
export function fromEnd(index: Expr, extent: Expr): Expr {
  return select(lt(index, 0), add(index, extent), index);
}

/** Takes an index to the nearest that a dimension has. */
export function nearestIndex(index: Expr, extent: Expr, negative: boolean): Expr {
  return max(min(negative ? fromEnd(index, extent) : index, minus(extent, 1)), 0);
}
