import { ScheduleError } from "./error.ts";
import type { Step } from "./step.ts";
import { readStepFields, STEP_FIELDS } from "./step_fields.ts";

/**
 * Checks a call of the schedule as strictly as a step of a trace, since cells of a notebook are not type-checked.
 *
 * @param step the step that the call's arguments make
 * @param count arguments that the call was given
 * @returns a copy of the step that shares no list with the caller
 * @throws {ScheduleError} for too many arguments, and for one that is missing or not of its kind
 */
export function checkCall(step: Step, count: number): Step {
  const refuse = (why: string): never => {
    throw new ScheduleError(`cannot ${step.op}: ${why}`);
  };
  const names = Object.keys(STEP_FIELDS[step.op]);
  // Steps over a list of loops take each as an argument of its own.
  if (!("loops" in step) && count > names.length) {
    refuse(`expected ${step.op}(${names.join(", ")}), got ${count} arguments`);
  }
  return readStepFields(step.op, new Map<string, unknown>(Object.entries(step)), refuse);
}
