/** Gives slices of one budget to the searches of a whole. */
import type { Budget } from "../autotvm/budget.ts";
import { expectedGain } from "../autotvm/task_scheduler.ts";
import type { TrialRecord } from "../records/record.ts";
import type { Search } from "./search.ts";
import type { SuiteTask } from "./suite_tasks.ts";

/** A kernel of the whole: what is known of it, and its search. */
export interface Sharer {
  readonly task: SuiteTask;
  readonly search: Search;
  /** Milliseconds that no schedule is expected to be below: its roofline, and a launch. */
  readonly leastMs: number;
}

/** Trials of one slice. Where the preset's time is unknown, the first slice is the preset alone. */
const SLICE = 8, FIRST_SLICE = 1;
/** Seconds until the first trial of a search: a process starts, and computes the results to check. */
const START_SECONDS = 2;

/**
 * Measures presets whose times are unknown. Then gives each slice to the search with the largest expected saving per second,
 * until the budget is spent, the signal is aborted or all searches have ended. A search's process goes on while the
 * search is given one slice after another.
 */
export async function shareBudget(
  sharers: readonly Sharer[],
  budget: Pick<Budget, "seconds" | "trials">,
  signal: AbortSignal,
): Promise<void> {
  const { trials: mostTrials = Infinity, seconds: mostSeconds = Infinity } = budget;
  const trials = () => sharers.reduce((n, { search }) => n + search.records.length, 0);
  const seconds = () => sharers.reduce((n, { search }) => n + search.progress.seconds, 0);
  const isSpent = () => signal.aborted || trials() >= mostTrials || seconds() >= mostSeconds;
  const slice = (search: Search, most: number) => search.run(Math.min(most, mostTrials - trials()));
  // Those with the longest bounds come first: a short budget does not reach all.
  const share = ({ task, leastMs }: Sharer) => task.weight * leastMs;
  const unknown = sharers.filter(({ task }) => task.presetMs === undefined);
  for (const { search } of unknown.toSorted((a, b) => share(b) - share(a))) {
    if (isSpent()) return;
    await slice(search, FIRST_SLICE);
    await search.rest();
  }
  let open = sharers, running: Search | undefined;
  while (!isSpent() && open.length > 0) {
    const gains = open.map(gainOf);
    const { search } = open[gains.indexOf(Math.max(...gains))] as Sharer;
    if (running !== search) await running?.rest();
    running = search;
    if (await slice(search, SLICE) !== undefined) open = open.filter((s) => s.search !== search);
  }
  await running?.rest();
}

function gainOf({ task, search, leastMs }: Sharer): number {
  const { weight, presetMs } = task;
  return search.records.length === 0 && presetMs !== undefined
    ? expectedGain({ weight, bestMs: [presetMs], leastMs, seconds: START_SECONDS })
    : expectedGain({ weight, bestMs: bestMsOf(search.records), leastMs, seconds: search.progress.seconds });
}

/** The best so far after each trial, from the first success on. */
function bestMsOf(records: readonly TrialRecord[]): readonly number[] {
  let best = Infinity;
  return records.flatMap((r) => {
    if (r.status === "ok") best = Math.min(best, r.medianMs);
    return best < Infinity ? [best] : [];
  });
}
