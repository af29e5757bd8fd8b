import { TunebookError } from "../base/error.ts";
import { printExcerpt } from "../ir/print.ts";
import type { Stmt } from "../ir/stmt.ts";

/** A step that would change the result of the program, or that names an unknown loop, block or buffer. */
export class ScheduleError extends TunebookError {
  /** The name of the class. */
  override readonly name = "ScheduleError";

  /** `at` is the statement that prevents the step; the message ends with its text. */
  constructor(message: string, at?: Stmt) {
    super(at ? `${message}\n${printExcerpt(at)}` : message);
  }
}
