import { fastest } from "../records/best.ts";
import { RecordError } from "../records/error.ts";
import { configOf } from "../records/config.ts";
import { presentConfig } from "../records/present_config.ts";
import type { TrialRecord } from "../records/record.ts";
import { Trace } from "../schedule/trace.ts";
import { SpaceError } from "../space/error.ts";
import type { SearchSpace } from "./search_space.ts";
import type { Trial } from "./trial.ts";

/** Higher is better; programs without arithmetic are scored by their traffic. Undefined for a failure. */
export function scoreOf(r: TrialRecord): number | undefined {
  return r.status === "ok" ? (r.gflops > 0 ? r.gflops : r.gbps) : undefined;
}

/** The fastest checked trial that took some time, the earlier one of two alike. */
export function fastestTrial(trials: readonly Trial[]): Trial | undefined {
  const best = fastest(trials.map((t) => t.record));
  return trials.find((t) => t.record === best);
}

/**
 * Earlier records as trials of a space.
 *
 * @throws {RecordError} for a record whose configuration is not one of the space
 */
export function resumedTrials(records: readonly TrialRecord[], { space }: SearchSpace): Trial[] {
  return records.map((record): Trial => {
    try {
      const index = space.indexOf(presentConfig(record.rule, configOf(record.config), space));
      const candidate = record.trace === "" ? undefined : { trace: Trace.fromJSON(record.trace).toJSON() };
      return { record, index, preset: index === space.preset, candidate };
    } catch (e) {
      if (!(e instanceof SpaceError)) throw e;
      throw new RecordError(
        `cannot continue from trial ${record.trial} of ${record.contestant}: it is from another space ` +
          `(${e.message}); choose another path`,
      );
    }
  });
}
