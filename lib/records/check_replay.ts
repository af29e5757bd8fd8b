import { TunebookError } from "../base/error.ts";
import { lower } from "../lower/pipeline.ts";
import { replay } from "../schedule/trace.ts";
import type { ReadRecord } from "./record_reader.ts";

/** Replays a record's schedule and lowers it, without a device. Returns what is wrong; undefined if nothing is. */
export function problemOf({ func, trace, target }: ReadRecord): string | undefined {
  try {
    lower(replay(func, trace), target);
    return undefined;
  } catch (e) {
    if (!(e instanceof TunebookError)) throw e;
    return e.message;
  }
}
