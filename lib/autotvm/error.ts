import { TunebookError } from "../base/error.ts";

/** A tuner, a cost model or a budget that was asked for what it cannot give. */
export class TunerError extends TunebookError {
  override readonly name = "TunerError";
}
