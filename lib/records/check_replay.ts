import { TunebookError } from "../base/error.ts";
import { lower } from "../lower/pipeline.ts";
import { replay } from "../schedule/trace.ts";
import type { ReadRecord } from "./record_reader.ts";

/** What stands against a record's schedule, found without a device: undefined where it replays and lowers. */
export function problemOf({ func, trace, target }: ReadRecord): string | undefined {
  try {
    lower(replay(func, trace), target);
    return undefined;
  } catch (e) {
    if (!(e instanceof TunebookError)) throw e;
    return e.message;
  }
}
