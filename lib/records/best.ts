import { RecordError } from "./error.ts";
import type { TrialRecord } from "./record.ts";

/** The fastest checked record that took some time, the earlier one of two alike; undefined where there is none. */
export function fastest(records: readonly TrialRecord[]): TrialRecord | undefined {
  return records.reduce<TrialRecord | undefined>(
    (p, r) => r.status !== "ok" || !(r.medianMs > 0) || (p && p.medianMs <= r.medianMs) ? p : r,
    undefined,
  );
}

/**
 * The fastest checked record.
 *
 * @throws {RecordError} if every trial failed; the message says how
 */
export function bestOf(records: readonly TrialRecord[]): TrialRecord {
  const best = fastest(records);
  if (best) return best;
  const kinds = Map.groupBy(records, (r) => r.status);
  const counts = [...kinds].map(([status, list]) =>
    `${list.length} ${status} (${list[0]?.message.slice(0, 200)})`
  );
  throw new RecordError(
    `none of ${records.length} trials succeeded: ${counts.join("; ") || "nothing was tried"}`,
  );
}
