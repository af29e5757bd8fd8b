import type { Budget } from "../autotvm/budget.ts";
import type { TunerName } from "../autotvm/create_tuner.ts";
import type { Shapes } from "../ir/shapes.ts";
import type { MeasuringOptions, OpenMeasuring } from "../measure/measuring.ts";
import type { TrialRecord } from "../records/record.ts";
import type { Narrowing } from "../space/narrow.ts";
import type { Template } from "../space/template.ts";
import type { Reporter } from "./reporter.ts";

/** What `autotvm.tune`, `build` at level 3 and `compare` take for a search. */
export interface SearchOptions {
  /** Ends the search at the first limit that is reached. At least one of trials, seconds, earlyStopping. */
  readonly budget: Budget;
  /** Default "portfolio". */
  readonly tuner?: TunerName;
  /** Begin with the rule's point and its neighbourhood (default), or without knowledge. */
  readonly start?: "preset" | "scratch";
  /** Seed of the search and of the random inputs, a 32-bit integer. Default 0. */
  readonly seed?: number;
  /** Arrow stream file that the trials are appended to. An interrupted search continues from it. Default: none. */
  readonly path?: string;
  /** The template of the space. Default: that of the DLight rule that matches. Records hold its name. */
  readonly template?: Template;
  /** The values that some of its knobs may take. Default: all. */
  readonly narrowing?: Narrowing;
  /** Values of the shape variables to measure with. */
  readonly shapes?: Shapes;
  /**
   * Inputs by parameter name: an array, row-major, or a range that random numbers are drawn from, as
   * `{ ids: { below: 200 } }`. Default: random numbers of the parameter's dtype, or of the values that the program
   * declares for it.
   */
  readonly inputs?: MeasuringOptions["inputs"];
  /** Longest time for one candidate, milliseconds. Default 30,000; less once a good candidate is known. */
  readonly deadlineMs?: number;
  /** Largest resident memory of the process that measures, bytes. Default: half of the machine's memory. */
  readonly maxMemory?: number;
  /** Records of other searches, shapes and devices. Models use them in proportion to their accuracy. */
  readonly history?: readonly TrialRecord[];
  /** Ends the search within a second. Jupyter's interrupt does so, too. */
  readonly signal?: AbortSignal;
  /** Shows the search's progress. */
  readonly reporter?: Reporter;
  /** The method's name in records. Default "autotvm+dlight" from the preset, "autotvm" from scratch. */
  readonly method?: string;
  /** Opens the `Measuring`. Default: the device's own, a child process on this machine. */
  readonly open?: OpenMeasuring;
}
