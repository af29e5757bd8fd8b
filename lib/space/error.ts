import { TunebookError } from "../base/error.ts";

/** A knob, a configuration or a space that is not well formed. */
export class SpaceError extends TunebookError {
  /** The name of the error's class. */
  override readonly name = "SpaceError";
}
