import { checkBudget } from "../autotvm/budget.ts";
import { OptionError } from "../base/error.ts";
import { bestSoFarSpec } from "../charts/best_so_far.ts";
import { Chart } from "../charts/chart.ts";
import { confirmedSpec } from "../charts/confirmed.ts";
import type { PrimFunc } from "../ir/func.ts";
import { type Outcome, summaryOf, type SummaryRow } from "../records/summary.ts";
import { summaryTable } from "../records/summary_table.ts";
import { recordsToTable } from "../records/table.ts";
import { taskOf } from "../records/task.ts";
import type { CompareOptions } from "./compare_options.ts";
import { Comparison } from "./comparison.ts";
import { type Confirmed, confirmUnlessStopped, finalistsOf, winnerOf } from "./confirm.ts";
import { measureFixed } from "./measure_fixed.ts";
import { measuringOptions } from "./measuring_options.ts";
import { MeasuringSlot } from "./measuring_slot.ts";
import { type FixedMethod, METHODS, methodsFor, type SearchMethod } from "./methods.ts";
import { checkRounds, CONFIRM_ROUNDS } from "./rounds.ts";
import { Search } from "./search.ts";
import { searchReporter } from "./numbered_reporter.ts";
import { progressOf } from "./search_state.ts";
import type { Trial } from "./trial.ts";
import type { TunableDevice } from "./tunable_device.ts";
import { checkTask, type TuningTask } from "./tuning_task.ts";

/** Compares methods on one program on one device. */
export async function compareOne(
  func: PrimFunc,
  device: TunableDevice,
  options: CompareOptions,
  signal: AbortSignal,
): Promise<Comparison> {
  const { methods = METHODS, also = {}, budget = {}, seed = 0, rounds = CONFIRM_ROUNDS } = options;
  const { reporter, path, processes = 1 } = options;
  const { target } = device;
  checkRounds(rounds);
  const shapes = checkTask(func, options.shapes ?? {}, seed);
  const all = methodsFor(func, target, shapes, methods, also);
  const search = all.find(isSearch);
  if (search && options.budget === undefined) {
    throw new OptionError(
      `missing option "budget" of compare, as ${search.name} searches: expected { seconds }, { trials } or { earlyStopping }, got nothing`,
    );
  }
  if (search) checkBudget(budget);
  const base = { func, target, shapes, seed };
  const slot = new MeasuringSlot(
    measuringOptions(base, options),
    options.open ?? device.openMeasuring,
  );
  await using _closing = slot;

  const trials = new Map<string, readonly Trial[]>();
  const [first] = all;
  if (first) {
    const state = progressOf({ func, method: first.name }, [], {}, 0);
    await reporter?.update({ ...state, stage: "starting" });
  }
  const { seconds } = budget, searches = all.filter(isSearch);
  let last: Search | undefined;
  for (const method of all) {
    const measuring = signal.aborted ? undefined : await slot.take(signal);
    if (!measuring) break;
    if (!isSearch(method)) {
      const trial = await measureFixed(measuring, base, method, path, signal);
      if (!trial) break;
      trials.set(method.name, [trial]);
      const { record } = trial;
      await reporter?.update(
        progressOf({ func, method: method.name }, [record], {}, record.secondsSinceStart),
      );
      continue;
    }
    const { methods: _, also: __, rounds: ___, processes: ____, ...search } = options;
    const { name, start } = method, place = searches.indexOf(method);
    const counted = reporter && seconds !== undefined
      ? { reporter: searchReporter(reporter, place, searches.length, seconds) }
      : {};
    await using opened = await Search.open(
      func,
      device,
      { ...search, ...counted, budget, method: name, start, signal },
      slot.shared(),
    );
    last = opened;
    await opened.run();
    trials.set(name, opened.trials);
  }
  await last?.report(signal.aborted ? "stopping" : "confirming");
  const finalists = all.flatMap(({ name }) => finalistsOf(trials.get(name) ?? []));
  const confirmed = finalists.length === 0
    ? []
    : await confirmUnlessStopped(signal, slot, finalists, { rounds, processes });
  await last?.report(signal.aborted ? "stopped" : "done");
  await reporter?.done();
  const rows = rowsOf(base, all, trials, confirmed);
  const records = all.flatMap(({ name }) => (trials.get(name) ?? []).map((t) => t.record));
  const table = recordsToTable(records), summary = summaryTable(rows);
  const said = { title: taskOf(func, shapes), subtitle: target.name };
  return new Comparison({
    records,
    rows,
    trials: table,
    summary,
    budget,
    charts: {
      bestSoFar: new Chart(bestSoFarSpec(records, said)),
      confirmed: new Chart(confirmedSpec(rows, said, Math.min(rounds, processes))),
    },
  });
}

/** Gives one row per method, with its confirmed winner. */
function rowsOf(
  { func, shapes }: Pick<TuningTask, "func" | "shapes">,
  methods: readonly (FixedMethod | SearchMethod)[],
  trials: ReadonlyMap<string, readonly Trial[]>,
  confirmed: readonly Confirmed[],
): readonly SummaryRow[] {
  return summaryOf(
    func,
    shapes,
    methods.map(({ name }): Outcome => {
      const own = (trials.get(name) ?? []).map((t) => t.record);
      const theirs = confirmed.filter(({ record }) => own.includes(record));
      const won = winnerOf(theirs) ?? theirs[0];
      return {
        contestant: name,
        rule: own[0]?.rule ?? "",
        trials: own.length,
        failed: own.filter((r) => r.status !== "ok").length,
        seconds: Math.max(0, ...own.map((r) => r.secondsSinceStart)),
        ...(won ? { won: { ...won.record, ...won } } : {}),
      };
    }),
  );
}

function isSearch(method: FixedMethod | SearchMethod): method is SearchMethod {
  return "start" in method;
}
