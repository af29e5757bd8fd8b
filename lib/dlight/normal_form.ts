import type { PrimFunc } from "../ir/func.ts";
import { Schedule } from "../schedule/schedule.ts";
import type { Step } from "../schedule/step.ts";
import type { Template } from "../space/template.ts";

/** A program as rules look at it, and the steps that make it of the program that was given. */
export interface NormalForm {
  readonly func: PrimFunc;
  readonly steps: readonly Step[];
}

const known = new WeakMap<PrimFunc, NormalForm>();

/** Makes one axis of the axes that a program always takes together, so that leading and unit axes are rows. */
export function normalFormOf(func: PrimFunc): NormalForm {
  let form = known.get(func);
  if (!form) {
    const sch = new Schedule(func);
    sch.collapseAxes();
    form = sch.func === func ? { func, steps: [] } : { func: sch.func, steps: sch.trace.steps };
    known.set(func, form);
  }
  return form;
}

/** A template that takes the steps before it does what `template` does after them. */
export function after(steps: readonly Step[], template: Template): Template {
  if (steps.length === 0) return template;
  return (sch, knobs) => {
    for (const step of steps) sch.apply(step);
    template(sch, knobs);
  };
}
