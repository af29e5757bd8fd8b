import { TunebookError } from "../base/error.ts";
import { printExcerpt } from "../ir/print.ts";
import type { Stmt } from "../ir/stmt.ts";

/** A step that would change what the program computes, or that names something that is not there. */
export class ScheduleError extends TunebookError {
  /** The name of the class. */
  override readonly name = "ScheduleError";

  /** `at` is the place in the program that stands in the way; the message ends with its text. */
  constructor(message: string, at?: Stmt) {
    super(at ? `${message}\n${printExcerpt(at)}` : message);
  }
}
