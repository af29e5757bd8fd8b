import { TunebookError } from "../base/error.ts";

/** Data that can't be drawn as a chart. */
export class ChartError extends TunebookError {
  /** The name of the error's class. */
  override readonly name = "ChartError";
}
