import type { PrimFunc } from "../ir/func.ts";
import { ScheduleError } from "./error.ts";
import { blocksOf, findLoop } from "./find.ts";
import { replaceStmt } from "./replace_stmt.ts";

/**
 * Puts a note on a block or a loop, for rules and passes to read; a block goes before a loop of the same name.
 *
 *     for i in range(64):            →    for i in T.serial(64, annotations={"pragma": 1}):
 *
 * @throws {ScheduleError} for a name that is neither, or a number that is not finite
 */
export function annotate(
  func: PrimFunc,
  name: string,
  key: string,
  value: string | number | boolean,
): PrimFunc {
  const found = blocksOf(func.body).find((b) => b.block.name === name)?.block ?? findLoop(func, name).loop;
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new ScheduleError(
      `cannot annotate ${name} with ${key} = ${value}: a note is text, a finite number or a boolean`,
      found,
    );
  }
  return replaceStmt(func, found, { ...found, annotations: { ...found.annotations, [key]: value } });
}
