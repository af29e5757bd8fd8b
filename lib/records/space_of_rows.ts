import type { Knob } from "../space/knob.ts";
import { ConfigSpace } from "../space/config_space.ts";
import { RecordError } from "./error.ts";
import { type MeasuredSpace, measuredSpace, type SpacePoint } from "./measured_space.ts";

/** The value of a parameter, as other tuners write it. */
export type ParameterValue = number | string | boolean;

/** One measured configuration of another tuner: its parameters' values in order, and its result. */
export interface ParameterRow {
  readonly values: readonly ParameterValue[];
  readonly result: Omit<SpacePoint, "index">;
}

/**
 * Makes a measured space of rows. Each parameter is a choice among the values that it has, in ascending order where all
 * are numbers; where all are booleans, it is a flag. The first row counts as the preset. Of rows with the same values
 * the last one stays.
 *
 * @param path where they come from, for errors
 * @throws {RecordError} without rows, or if the values have too many combinations to be numbered
 */
export function spaceOfRows(
  path: string,
  names: readonly string[],
  rows: readonly ParameterRow[],
): MeasuredSpace {
  const [first] = rows;
  if (!first) throw new RecordError(`expected measured configurations, got none, reading ${path}`);
  const knobs = names.map((name, i) => knobOf(name, rows.map((r) => r.values[i] as ParameterValue)));
  const places = knobs.map((k) => new Map<unknown, number>(k.candidates.map((c, at) => [c, at])));
  const combinations = knobs.reduce((n, k) => n * k.candidates.length, 1);
  if (!Number.isSafeInteger(combinations)) {
    throw new RecordError(
      `expected at most 2^53 combinations of values, got ${
        combinations.toExponential(2)
      } of ${names.length} ` +
        `parameters, reading ${path}`,
    );
  }
  const bare = new ConfigSpace(knobs);
  const points = rows.map(({ values, result }): SpacePoint => ({
    index: bare.indexOfDigits(
      values.map((v, i) => places[i]?.get(knobs[i]?.kind === "choice" ? choiceOf(v) : v) ?? 0),
    ),
    ...result,
  }));
  return measuredSpace(knobs, points);
}

function knobOf(name: string, column: readonly ParameterValue[]): Knob {
  if (column.every((v) => typeof v === "boolean")) {
    return { kind: "flag", name, candidates: [false, true], preset: Number(column[0]) };
  }
  const values = [...new Set(column.map(choiceOf))];
  const candidates = values.every((v) => typeof v === "number") ? values.toSorted((a, b) => a - b) : values;
  return { kind: "choice", name, candidates, preset: candidates.indexOf(choiceOf(column[0] ?? 0)) };
}

/** A choice holds no booleans: beside numbers or words they are words. */
function choiceOf(value: ParameterValue): number | string {
  return typeof value === "boolean" ? String(value) : value;
}
