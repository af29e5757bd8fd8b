import type { Candidate } from "../measure/measuring.ts";
import type { TrialRecord } from "../records/record.ts";

/** A trial as a search knows it: its record, and what was measured. */
export interface Trial {
  readonly record: TrialRecord;
  /** Index of its point in the space. */
  readonly index: number;
  /** True for the rule's own point. */
  readonly preset: boolean;
  /** What was measured; undefined where the template refused the point. */
  readonly candidate: Candidate | undefined;
}
