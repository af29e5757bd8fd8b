/** The reporter of one of several programs. */
import type { Reporter } from "./reporter.ts";

/** Adds which of how many programs a state is of; a single one has no number. */
export function numberedReporter(reporter: Reporter, k: number, of: number): Reporter {
  if (of === 1) return reporter;
  return {
    update: (progress) => reporter.update({ ...progress, place: [k + 1, of] }),
    done: () => reporter.done(),
  };
}
