import { printableLine } from "../base/printable.ts";
import { ChartError } from "./error.ts";

/**
 * Checks that all records belong to one program. Speeds of several programs are not comparable.
 *
 * @throws {ChartError} if the records belong to several programs
 */
export function oneTask(records: readonly { readonly task: string }[]): void {
  const tasks = [...new Set(records.map((r) => r.task))];
  if (tasks.length < 2) return;
  const named = tasks.slice(0, 3).map((t) => printableLine(t, 80)).join("; ");
  throw new ChartError(
    `expected trials of one program, got trials of ${tasks.length} programs (${named}${
      tasks.length > 3 ? "; …" : ""
    }), drawing a chart; make a table and a chart of each`,
  );
}
