import type { Stmt } from "../ir/stmt.ts";
import { mapStmt } from "../ir/visit.ts";
import { ScheduleError } from "./error.ts";

/** Loops one inside the other: more than any kernel has, and few enough to walk by recursion. */
const DEPTH_LIMIT = 64;

/** @throws {ScheduleError} where `at` would stand under more loops than {@linkcode DEPTH_LIMIT} with its own */
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
