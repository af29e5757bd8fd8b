/** One point of a space, made ready to be measured. */
import { compile } from "../codegen/compile.ts";
import type { Executable } from "../codegen/executable.ts";
import { TunebookError } from "../base/error.ts";
import type { PrimFunc } from "../ir/func.ts";
import { LimitError } from "../lower/error.ts";
import type { Failed, Failure } from "../measure/measurement.ts";
import { ScheduleError } from "../schedule/error.ts";
import type { Schedule } from "../schedule/schedule.ts";
import type { TraceJson } from "../schedule/trace.ts";
import type { ConfigSpace } from "../space/config_space.ts";
import { type Config, RejectedConfig } from "../space/knobs.ts";
import { instantiate, type Template } from "../space/template.ts";
import type { Target } from "../target/target.ts";

export interface Candidate {
  readonly trace?: TraceJson;
  /** What to measure, or why there is nothing to measure. */
  readonly outcome: Executable | Failed;
}

/** The schedule at `config`, or undefined where the template or a step refuses it. */
export function scheduleAt(
  func: PrimFunc,
  template: Template,
  space: ConfigSpace,
  config: Config,
): Schedule | undefined {
  try {
    return instantiate(func, template, space, config);
  } catch (e) {
    if (e instanceof RejectedConfig || e instanceof ScheduleError) return undefined;
    throw e;
  }
}

/** Schedules and compiles one point; a point that can't be compiled is a failure with its reason. */
export function candidateAt(
  func: PrimFunc,
  template: Template,
  space: ConfigSpace,
  config: Config,
  target: Target,
): Candidate {
  let trace = undefined as TraceJson | undefined;
  const outcome = compiled(() => {
    const schedule = instantiate(func, template, space, config);
    trace = schedule.trace.toJSON();
    return schedule.func;
  }, target);
  return { ...(trace ? { trace } : {}), outcome };
}

/** What `scheduled` gives, compiled; where one of both can't be, a failure with its reason. */
export function compiled(scheduled: () => PrimFunc, target: Target): Executable | Failed {
  try {
    return compile(scheduled(), target);
  } catch (e) {
    if (!(e instanceof TunebookError)) throw e;
    return { status: stageOf(e), message: e.message, compileMs: NaN };
  }
}

function stageOf(e: TunebookError): Failure {
  if (e instanceof RejectedConfig || e instanceof ScheduleError) return "instantiate";
  return e instanceof LimitError ? "verify" : "lower";
}
