import { TunebookError } from "../base/error.ts";

/** A tuner, a cost model or a budget that was asked for what it cannot give. */
export class TunerError extends TunebookError {
  /** The name of the error's class. */
  override readonly name = "TunerError";
}
