import { forLoop, variable } from "../ir/build.ts";
import type { PrimFunc } from "../ir/func.ts";
import { checkDepth } from "./check_depth.ts";
import { findBlock } from "./find.ts";
import { FreshNames } from "./fresh_names.ts";
import { replaceStmt } from "./replace_stmt.ts";

/**
 * Puts a loop of one iteration around a block's nest, for a block without a loop to bind.
 *
 *     B[0] = A[0]                    →    for u in range(1):
 *                                           B[0] = A[0]
 */
export function addUnitLoop(func: PrimFunc, name: string): { func: PrimFunc; loop: string } {
  const { block: b, loops } = findBlock(func, name);
  const v = variable(new FreshNames(func).get("u"));
  const top = loops[0] ?? b;
  checkDepth(`cannot add a loop around ${name}`, top, 1);
  return { func: replaceStmt(func, top, forLoop(v, 1, top)), loop: v.name };
}
