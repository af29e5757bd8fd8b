import { TunebookError } from "../base/error.ts";

/** A log, database or other record that can't be opened, read or written. */
export class RecordError extends TunebookError {
  /** The name of the error's class. */
  override readonly name = "RecordError";
}
