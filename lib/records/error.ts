import { TunebookError } from "../base/error.ts";

/** A log that can't be opened, read or written. */
export class RecordError extends TunebookError {
  override readonly name = "RecordError";
}
