/** Translates records of earlier versions to present names. */
import { knobsOf, type OldNames, presentKnobs, presentName } from "../schedule/old_names.ts";
import type { TrialRecord } from "./record.ts";

/** Renames the rule, the knobs and the steps of a record. Text that is not JSON stays: its reader refuses it. */
export function presentRecord<T extends Pick<TrialRecord, "rule" | "config" | "trace">>(
  record: T,
  names: OldNames,
): T {
  const rule = presentName(record.rule, names.rules);
  const config = Object.keys(knobsOf(rule, names)).length === 0
    ? record.config
    : rewritten(record.config, (json) => isFields(json) ? presentKnobs(rule, json, names) : json);
  const trace = Object.keys(names.steps).length === 0
    ? record.trace
    : rewritten(record.trace, (json) => presentTrace(json, names));
  return { ...record, rule, config, trace };
}

/** Renames the steps of a trace, given as JSON data. A value that is not a trace stays as it is. */
export function presentTrace<T>(trace: T, names: OldNames): T {
  if (!isFields(trace) || !Array.isArray(trace["steps"])) return trace;
  const steps = trace["steps"].map((step: unknown) => {
    const op = isFields(step) ? step["op"] : undefined;
    return typeof op === "string" ? { ...step as object, op: presentName(op, names.steps) } : step;
  });
  return { ...trace, steps };
}

function rewritten(text: string, rewrite: (json: unknown) => unknown): string {
  try {
    return JSON.stringify(rewrite(JSON.parse(text)));
  } catch (e) {
    if (e instanceof SyntaxError) return text;
    throw e;
  }
}

function isFields(x: unknown): x is Readonly<Record<string, unknown>> {
  return typeof x === "object" && x !== null && !Array.isArray(x);
}
