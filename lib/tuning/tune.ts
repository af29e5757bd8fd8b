import type { PrimFunc } from "../ir/func.ts";
import { bestOf, fastest } from "../records/best.ts";
import { taskOf } from "../records/task.ts";
import { CONFIRM_ROUNDS, type ConfirmOptions } from "./rounds.ts";
import { speedup } from "./speedup.ts";
import { winnerOf } from "./confirm.ts";
import { InterruptedError } from "./interrupted_error.ts";
import { Interruptible } from "./interrupt.ts";
import { Search, type Stopped } from "./search.ts";
import type { SearchOptions } from "./search_options.ts";
import { Graph } from "../relax/graph.ts";
import type { SuiteLog } from "./suite_log.ts";
import { tuneGraph, type TuneGraphOptions } from "./tune_graph.ts";
import type { TunableDevice } from "./tunable_device.ts";
import { TuneLog } from "./tune_log.ts";
import { checkArgument, checkOptions, type Fields } from "../base/check_options.ts";
import { count } from "../base/option_kinds.ts";
import * as kinds from "./option_fields.ts";

/** What `autotvm.tune` takes. */
export interface TuneOptions extends SearchOptions, Pick<ConfirmOptions, "processes"> {
  /** Rounds in which the best trials and the preset are re-measured, interleaved. Default 11; 0: no confirmation. */
  readonly rounds?: number;
}

const TUNE_FIELDS = { ...kinds.SEARCH_FIELDS, rounds: count, processes: kinds.processes } satisfies Fields<
  TuneOptions
>;

/**
 * Searches the functions of a graph with one budget, as `tuneSuite` does for kernels: each slice is given to the function
 * with the largest expected saving. The winners are added to `database`, and `build(graph, device, { level: 2, database })`
 * takes them.
 *
 * @throws {RelaxError} for a bound that is missing
 * @throws {TunebookError} for a budget without a limit
 */
export async function tune(graph: Graph, device: TunableDevice, options: TuneGraphOptions): Promise<SuiteLog>;
/**
 * Searches a program's space on a device. Every candidate is checked against the reference and recorded. With `path`, an
 * interrupted search continues from its records; no trial is lost or repeated. The best trials are re-measured before one
 * of them is called the best.
 *
 * Jupyter's interrupt ends the search, as `signal` does; the best trials are still re-measured and returned. A second
 * interrupt ends that too. The kernel keeps its state.
 *
 * @throws {TunerError} for a budget without a limit or an unknown tuner
 * @throws {IrError} for a shape variable without a value
 * @throws {RecordError} for a log that the search can't continue, or if no candidate ran
 * @throws {InterruptedError} if it is stopped before a candidate has run
 */
export async function tune(func: PrimFunc, device: TunableDevice, options: TuneOptions): Promise<TuneLog>;
export async function tune(
  func: PrimFunc | Graph,
  device: TunableDevice,
  options: TuneOptions | TuneGraphOptions,
): Promise<TuneLog | SuiteLog> {
  if (func instanceof Graph) return await tuneGraph(func, device, options as TuneGraphOptions);
  return await tuneProgram(func, device, options as TuneOptions);
}

async function tuneProgram(func: PrimFunc, device: TunableDevice, options: TuneOptions): Promise<TuneLog> {
  checkArgument("autotvm.tune", "func", func, kinds.program);
  checkArgument("autotvm.tune", "device", device, kinds.device);
  checkOptions("autotvm.tune", options, TUNE_FIELDS, kinds.RENAMED);
  using stop = new Interruptible(options.signal);
  await using search = await Search.open(func, device, { ...options, signal: stop.signal });
  await search.report("starting");
  const ended = await search.run() as Stopped;
  const { records, space, measuringShare } = search;
  if (ended === "signal" && !fastest(records)) {
    await search.end(ended);
    throw new InterruptedError(`the search for ${taskOf(func, search.task.shapes)}`, records);
  }
  const best = bestOf(records);
  const { rounds = CONFIRM_ROUNDS, processes = 1 } = options;
  const confirmed = rounds === 0 ? [] : await search.confirm({ rounds, processes });
  const stopped = stop.signal.aborted ? "signal" : ended;
  await search.end(stopped);
  const winner = winnerOf(confirmed);
  const own = confirmed.find((c) => c.preset);
  return new TuneLog({
    records,
    best: winner?.record ?? best,
    confirmed,
    ...(winner && own ? { speedup: speedup(winner, own) } : {}),
    space,
    budget: options.budget,
    stopped,
    measuringShare,
  });
}
