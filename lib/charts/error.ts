import { TunebookError } from "../base/error.ts";

/** Data of which no chart can be made. */
export class ChartError extends TunebookError {
  override readonly name = "ChartError";
}
