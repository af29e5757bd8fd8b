import { TunebookError } from "../base/error.ts";

/** A knob, a configuration or a space that is not well formed. */
export class SpaceError extends TunebookError {
  override readonly name = "SpaceError";
}
