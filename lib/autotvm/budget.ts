import { TunerError } from "./error.ts";

/** The limits of a search, which ends at the first limit reached. */
export interface Budget {
  /** Points measured, failed ones included. */
  readonly trials?: number;
  /** Seconds since the search began. */
  readonly seconds?: number;
  /** Points measured since the best one was found. */
  readonly earlyStopping?: number;
  /** Share of the roofline that is enough, in (0, 1]: the bound of the device's measured peaks over the best time. */
  readonly until?: number;
}

/** How far a search has come, in the units of its budget. */
export interface BudgetSpent {
  readonly trials: number;
  readonly seconds: number;
  /** Points measured since the best one was found; all points before the first success. */
  readonly trialsSinceBest: number;
  /** Share of the roofline that the best point reaches; undefined without a success, or if the peaks are unknown. */
  readonly roofline?: number;
}

/** Throws `TunerError` unless the budget has a limit and each limit is a positive number. */
export function checkBudget(budget: Budget): void {
  const { trials, seconds, earlyStopping, until } = budget;
  if (trials === undefined && seconds === undefined && earlyStopping === undefined) {
    throw new TunerError(
      until === undefined
        ? "expected a budget with a limit, got none; give trials, seconds or earlyStopping"
        : `expected a second limit, as until ${until} may never be reached; give trials, seconds or earlyStopping too`,
    );
  }
  for (const [name, limit] of Object.entries({ trials, earlyStopping })) {
    if (limit !== undefined && !(Number.isSafeInteger(limit) && limit > 0)) {
      throw new TunerError(`expected ${name} to be a positive integer, got ${limit}`);
    }
  }
  if (seconds !== undefined && !(seconds > 0 && Number.isFinite(seconds))) {
    throw new TunerError(`expected seconds to be a positive number, got ${seconds}`);
  }
  if (until !== undefined && !(until > 0 && until <= 1)) {
    throw new TunerError(
      `expected until to be a share of the roofline, above 0 and at most 1, got ${until}`,
    );
  }
}

/** Finds a limit that has been reached; undefined while the search may continue. */
export function limitReached(budget: Budget, progress: BudgetSpent): keyof Budget | undefined {
  if (progress.trials >= (budget.trials ?? Infinity)) return "trials";
  if (progress.seconds >= (budget.seconds ?? Infinity)) return "seconds";
  if ((progress.roofline ?? 0) >= (budget.until ?? Infinity)) return "until";
  if (progress.trialsSinceBest >= (budget.earlyStopping ?? Infinity)) return "earlyStopping";
  return undefined;
}

/** Gives the number of points to ask for next, at most `batch`. */
export function nextBatch(budget: Budget, progress: BudgetSpent, batch: number): number {
  if (limitReached(budget, progress)) return 0;
  return Math.min(batch, (budget.trials ?? Infinity) - progress.trials);
}
