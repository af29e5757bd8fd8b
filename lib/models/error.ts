import { TunebookError } from "../base/error.ts";

/**
 * A language model's file that can't be read, or that holds what no language model here has. The message names the file,
 * and the tensor or the field.
 */
export class ModelError extends TunebookError {
  /** The name of the error's class. */
  override readonly name = "ModelError";
}
