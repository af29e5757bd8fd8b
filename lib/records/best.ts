import { RecordError } from "./error.ts";
import type { TrialRecord } from "./record.ts";

/** Finds the fastest checked record with a positive time, the earlier one of a tie; undefined if there is none. */
export function fastest(records: readonly TrialRecord[]): TrialRecord | undefined {
  return records.reduce<TrialRecord | undefined>(
    (p, r) => r.status !== "ok" || !(r.medianMs > 0) || (p && p.medianMs <= r.medianMs) ? p : r,
    undefined,
  );
}

/**
 * Finds the fastest checked record.
 *
 * @throws {RecordError} if every trial failed; the message counts the kinds of failure
 */
export function bestOf(records: readonly TrialRecord[]): TrialRecord {
  const best = fastest(records);
  if (best) return best;
  const kinds = Map.groupBy(records, (r) => r.status);
  const counts = [...kinds].map(([status, list]) =>
    `${list.length} ${status} (${list[0]?.message.slice(0, 200)})`
  );
  throw new RecordError(
    `expected a trial that succeeded, got none of ${records.length}: ${
      counts.join("; ") || "nothing was tried"
    }`,
  );
}
