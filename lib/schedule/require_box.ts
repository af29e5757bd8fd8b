import type { For } from "../ir/stmt.ts";
import { usesVar } from "../ir/visit.ts";
import { ScheduleError } from "./error.ts";

/**
 * Refuses loops that run over no box together, as one depends on another.
 *
 * @param asked what was asked for, with which the message begins
 * @param hint what would work
 */
export function requireBox(asked: string, loops: readonly For[], hint: string): void {
  const vars = new Set(loops.map((l) => l.var));
  const uneven = loops.find((l) => usesVar(l.extent, (v) => vars.has(v)));
  if (!uneven) return;
  throw new ScheduleError(
    `${asked}: ${uneven.var.name} has another extent at each iteration of a loop around it; ${hint}`,
    uneven,
  );
}
