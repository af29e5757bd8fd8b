import type { PrimFunc } from "../ir/func.ts";
import { printFunc } from "../ir/print.ts";
import type { Step } from "./step.ts";
import { stages, Trace, type TraceJson } from "./trace.ts";

/** One step of a schedule, with the program before and after it. */
export interface WalkedStep {
  /** The step itself. */
  readonly step: Step;
  /** The program as text before the step. */
  readonly before: string;
  /** The program as text after the step. */
  readonly after: string;
}

/**
 * Gives a schedule step by step: the text of `func` before and after each step of `trace`.
 *
 * @throws {ScheduleError} as `replay` does
 */
export function walk(func: PrimFunc, trace: Trace | TraceJson | string): readonly WalkedStep[] {
  const own = trace instanceof Trace ? trace : Trace.fromJSON(trace);
  const texts = [func, ...stages(func, own)].map(printFunc);
  return own.steps.map((step, k) => ({ step, before: texts[k] ?? "", after: texts[k + 1] ?? "" }));
}
