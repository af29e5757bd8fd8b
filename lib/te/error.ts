import { TunebookError } from "../base/error.ts";

/** Tensors or options that don't fit together: shapes, dtypes, or options that exclude each other. */
export class TeError extends TunebookError {
  /** The name of the error's class. */
  override readonly name = "TeError";
}
