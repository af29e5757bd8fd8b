import { printableLine } from "../base/printable.ts";
import { ChartError } from "./error.ts";

/**
 * Speeds of several programs don't compare.
 *
 * @throws {ChartError} for records of more than one program
 */
export function oneTask(records: readonly { readonly task: string }[]): void {
  const tasks = [...new Set(records.map((r) => r.task))];
  if (tasks.length < 2) return;
  const named = tasks.slice(0, 3).map((t) => printableLine(t, 80)).join("; ");
  throw new ChartError(
    `cannot draw trials of ${tasks.length} programs in one chart (${named}${
      tasks.length > 3 ? "; …" : ""
    }): ` +
      `make a table and a chart of each`,
  );
}
