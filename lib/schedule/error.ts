import { TunebookError } from "../ir/error.ts";
import { printStmt } from "../ir/print.ts";
import type { Stmt } from "../ir/stmt.ts";

/** A step that would change what the program computes, or that names something that is not there. */
export class ScheduleError extends TunebookError {
  override readonly name = "ScheduleError";

  constructor(message: string, at?: Stmt) {
    super(at ? `${message}\n${excerpt(at)}` : message);
  }
}

const LINES = 12;

function excerpt(s: Stmt): string {
  const lines = printStmt(s).split("\n");
  const shown = lines.slice(0, LINES).map((l) => `  | ${l}`);
  return [...shown, ...(lines.length > LINES ? [`  | … ${lines.length - LINES} more lines`] : [])].join("\n");
}
