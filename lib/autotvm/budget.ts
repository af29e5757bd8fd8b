import { TunerError } from "./error.ts";

/** When a search ends: with the first of its limits. */
export interface Budget {
  /** Points measured, failed ones included. */
  readonly trials?: number;
  /** Seconds since the search began. */
  readonly seconds?: number;
  /** Points measured since the best one was found. */
  readonly earlyStopping?: number;
  /** Share of the roofline that is enough, of (0, 1]: what the device's measured peaks allow over what the best takes. */
  readonly until?: number;
}

/** The limits among options, those that are there. */
export function budgetOf({ trials, seconds, earlyStopping, until }: Budget): Budget {
  return {
    ...(trials === undefined ? {} : { trials }),
    ...(seconds === undefined ? {} : { seconds }),
    ...(earlyStopping === undefined ? {} : { earlyStopping }),
    ...(until === undefined ? {} : { until }),
  };
}

/** How far a search has come, in the units of its budget. */
export interface BudgetSpent {
  readonly trials: number;
  readonly seconds: number;
  /** Points measured since the best one was found; all of them where none has succeeded. */
  readonly trialsSinceBest: number;
  /** Share of the roofline that the best one reaches; undefined where there is none, or the peaks are not known. */
  readonly roofline?: number;
}

/** Throws `TunerError` unless the budget has a limit and each limit is a positive number. */
export function checkBudget(budget: Budget): void {
  const { trials, seconds, earlyStopping, until } = budget;
  if (trials === undefined && seconds === undefined && earlyStopping === undefined) {
    throw new TunerError(
      until === undefined
        ? "a search without a limit does not end: give trials, seconds or earlyStopping"
        : `a search until ${until} of the roofline may never end: give trials, seconds or earlyStopping too`,
    );
  }
  for (const [name, limit] of Object.entries({ trials, earlyStopping })) {
    if (limit !== undefined && !(Number.isSafeInteger(limit) && limit > 0)) {
      throw new TunerError(`cannot search with ${name} ${limit}: it is a positive integer`);
    }
  }
  if (seconds !== undefined && !(seconds > 0 && Number.isFinite(seconds))) {
    throw new TunerError(`cannot search for ${seconds} seconds: it is a positive number`);
  }
  if (until !== undefined && !(until > 0 && until <= 1)) {
    throw new TunerError(
      `cannot search until ${until} of the roofline: it is a share, above 0 and at most 1`,
    );
  }
}

/** The limit that has been reached, or undefined while the search may go on. */
export function limitReached(budget: Budget, progress: BudgetSpent): keyof Budget | undefined {
  if (progress.trials >= (budget.trials ?? Infinity)) return "trials";
  if (progress.seconds >= (budget.seconds ?? Infinity)) return "seconds";
  if ((progress.roofline ?? 0) >= (budget.until ?? Infinity)) return "until";
  if (progress.trialsSinceBest >= (budget.earlyStopping ?? Infinity)) return "earlyStopping";
  return undefined;
}

/** How many points may be asked for next, where a batch has at most `batch`. */
export function nextBatch(budget: Budget, progress: BudgetSpent, batch: number): number {
  if (limitReached(budget, progress)) return 0;
  return Math.min(batch, (budget.trials ?? Infinity) - progress.trials);
}
