import type { Failure } from "../measure/measurement.ts";

/** The label and shape of each kind of failure. Shapes alone distinguish them, so that they read without colours. */
const FAILURES: Readonly<Record<Failure, { readonly label: string; readonly shape: string }>> = {
  instantiate: { label: "refused by the template", shape: "triangle-left" },
  verify: { label: "beyond a limit", shape: "square" },
  lower: { label: "not lowered", shape: "triangle-down" },
  compile: { label: "not compiled", shape: "triangle-up" },
  run: { label: "not run", shape: "diamond" },
  wrongAnswer: { label: "wrong results", shape: "M-1,-1L1,1M-1,1L1,-1" },
  timeout: { label: "too slow", shape: "circle" },
  outOfMemory: { label: "out of memory", shape: "triangle" },
  deviceLost: { label: "device lost", shape: "triangle-right" },
};

/** Returns the label and shape of a failed status. A log of a later version may have unknown ones. */
export function failureOf(status: string): { readonly label: string; readonly shape: string } {
  return Object.hasOwn(FAILURES, status)
    ? FAILURES[status as Failure]
    : { label: "failed", shape: "triangle" };
}
