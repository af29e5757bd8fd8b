import { TunebookError } from "../base/error.ts";

/** A program that is well formed but has no kernel: its schedule asks for what a GPU can't do. */
export class LowerError extends TunebookError {
  /** The name of the class. */
  override readonly name = "LowerError";
}

/** A kernel that the device's limits rule out; found before anything is compiled. */
export class LimitError extends TunebookError {
  /** The name of the class. */
  override readonly name = "LimitError";
}
