import type { Stmt } from "../ir/stmt.ts";
import { mapStmt } from "../ir/visit.ts";
import { ScheduleError } from "./error.ts";

/** Nested loops, at most: more than any kernel has, and few enough to walk by recursion. */
export const DEPTH_LIMIT = 64;

/**
 * Checks how deep loops would be nested if `at` stood under `above` further loops.
 *
 * @throws {ScheduleError} where it would be more than {@linkcode DEPTH_LIMIT}
 */
export function checkDepth(asked: string, at: Stmt, above: number): void {
  const own = depthOf(at);
  if (above + own <= DEPTH_LIMIT) return;
  throw new ScheduleError(`${asked}: loops would be ${above + own} deep; up to ${DEPTH_LIMIT} work`, at);
}

function depthOf(s: Stmt): number {
  let depth = 0;
  mapStmt(s, (x) => {
    depth = Math.max(depth, depthOf(x));
    return x;
  });
  return s.kind === "for" ? 1 + depth : depth;
}
