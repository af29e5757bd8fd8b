/** Searches the functions of a graph or a model with one budget, the most promising first. */
import type { TuningDatabase } from "../records/database.ts";
import { Device } from "../runtime/device.ts";
import { timePresets } from "./preset_times.ts";
import type { SuiteLog } from "./suite_log.ts";
import type { SuiteMember } from "./suite_tasks.ts";
import type { TunableDevice } from "./tunable_device.ts";
import { tuneSuite, type TuneSuiteOptions } from "./tune_suite.ts";

/** Seconds that are left for the search however long the presets took. */
const LEAST_SECONDS = 1;

/** What {@linkcode tuneFunctions} takes. */
export interface TuneFunctionsOptions extends TuneSuiteOptions {
  /** The winners are added to it. */
  readonly database?: TuningDatabase | undefined;
}

/**
 * Searches functions as `tuneSuite` does. On a device of this process it times all presets first, in this process: a search
 * needs a process of its own, which takes a second or two to start, and most functions of a model are short. So functions
 * that may save time get the budget. The time of the presets counts.
 */
export async function tuneFunctions(
  members: readonly SuiteMember[],
  device: TunableDevice,
  { database, ...search }: TuneFunctionsOptions,
): Promise<SuiteLog> {
  const begun = performance.now(), { budget, seed, signal, open } = search;
  const here = device instanceof Device && open === undefined;
  const timed = here ? await timePresets(members, device, { seed, signal }) : members;
  const seconds = (performance.now() - begun) / 1000;
  const left = budget.seconds === undefined || !here
    ? budget
    : { ...budget, seconds: Math.max(LEAST_SECONDS, budget.seconds - seconds) };
  const log = await tuneSuite(timed, device, { ...search, budget: left });
  database?.add(log.best);
  return log;
}
