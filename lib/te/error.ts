import { TunebookError } from "../base/error.ts";

/** An operator that was asked for with impossible shapes or types. */
export class TeError extends TunebookError {
  override readonly name = "TeError";
}
