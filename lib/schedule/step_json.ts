import { nearest } from "../base/nearest.ts";
import { shownValue } from "../base/shown_value.ts";
import { OLD_NAMES, type OldNames, presentName } from "./old_names.ts";
import { ScheduleError } from "./error.ts";
import type { Step } from "./step.ts";
import { readStepFields, STEP_FIELDS } from "./step_fields.ts";

/**
 * Reads a step from JSON. It is untrusted input: each field is checked, and unknown fields are errors.
 *
 * @param place which step of a trace it is, for messages
 * @throws {ScheduleError} for an unknown `op`, and for a field that is missing, unknown, or not of its kind
 */
export function stepFromJson(json: unknown, place: string, renamed: OldNames = OLD_NAMES): Step {
  const refuse = (why: string): never => {
    throw new ScheduleError(`cannot read ${place}: ${why}`);
  };
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    return refuse(`expected a step as an object with an op, got ${shownValue(json)}`);
  }
  const given = new Map<string, unknown>(Object.entries(json));
  const written = given.get("op");
  const op = typeof written === "string" ? presentName(written, renamed.steps) : written;
  if (!isOp(op)) {
    const ops = Object.keys(STEP_FIELDS), near = typeof op === "string" ? nearest(op, ops) : undefined;
    const hint = near === undefined ? "" : `did you mean ${JSON.stringify(near)}? `;
    return refuse(`unknown step ${shownValue(op)}; ${hint}known are ${ops.join(", ")}`);
  }
  const names = Object.keys(STEP_FIELDS[op]);
  const unknown = [...given.keys()].find((key) => key !== "op" && !names.includes(key));
  if (unknown !== undefined) {
    return refuse(`${op} has no field ${shownValue(unknown)}; it takes ${names.join(", ")}`);
  }
  return readStepFields(op, given, refuse);
}

function isOp(x: unknown): x is Step["op"] {
  return typeof x === "string" && Object.hasOwn(STEP_FIELDS, x);
}
