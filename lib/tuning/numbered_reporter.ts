/** The reporters of the parts of a call. */
import type { Reporter } from "./reporter.ts";

/** Adds which of how many programs a state is of; a single one has no number. */
export function numberedReporter(reporter: Reporter, k: number, of: number): Reporter {
  if (of === 1) return reporter;
  return {
    update: ({ whole, ...progress }) =>
      reporter.update({
        ...progress,
        place: [k + 1, of],
        ...(whole ? { whole: { spent: k * whole.total + whole.spent, total: of * whole.total } } : {}),
      }),
    done: () => reporter.done(),
  };
}

/** Adds how much of all searches is spent: the `k`-th of `of` searches, each with a budget of `seconds`. */
export function searchReporter(reporter: Reporter, k: number, of: number, seconds: number): Reporter {
  return {
    update: (progress) =>
      reporter.update({
        ...progress,
        whole: { spent: k * seconds + Math.min(seconds, progress.secondsSpent), total: of * seconds },
      }),
    done: () => reporter.done(),
  };
}
