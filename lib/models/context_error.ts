import { TunebookError } from "../base/error.ts";

/** A text that is longer than the context, or for which the cache has no room. The message says how long it may be. */
export class ContextError extends TunebookError {
  /** The name of the error's class. */
  override readonly name = "ContextError";
}
