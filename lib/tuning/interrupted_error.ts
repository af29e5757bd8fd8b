import { TunebookError } from "../base/error.ts";
import type { TrialRecord } from "../records/record.ts";

/** A search that was stopped before any candidate had run: there is no result. */
export class InterruptedError extends TunebookError {
  /** The name of the error's class. */
  override readonly name = "InterruptedError";

  /** Says what was stopped; `records` are the trials until then. */
  constructor(what: string, readonly records: readonly TrialRecord[]) {
    super(`${what} was stopped before any of its ${records.length} trials succeeded: run it again`);
  }
}
