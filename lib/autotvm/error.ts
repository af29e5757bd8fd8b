import { TunebookError } from "../base/error.ts";

/** An invalid request to a tuner, a cost model or a budget. */
export class TunerError extends TunebookError {
  /** The name of the error's class. */
  override readonly name = "TunerError";
}
