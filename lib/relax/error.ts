import { TunebookError } from "../base/error.ts";

/** A graph that can't be made, read or changed as asked. */
export class RelaxError extends TunebookError {
  /** The name of the error's class. */
  override readonly name = "RelaxError";
}
