/** T4, the results format of the auto-tuning community: what its fields are. */
import { finite, jsonAnyOf, jsonOneOf, jsonText, listOf, mapOf, optional } from "../base/read_json.ts";
import type { Failure } from "../measure/measurement.ts";
import { MOST_PARAMETERS, MOST_ROWS, parameterValue } from "./outside_space.ts";
import type { ParameterValue } from "./space_of_rows.ts";

/** How T4 says where a configuration failed. */
export const INVALIDITIES = {
  correct: "ok",
  constraints: "instantiate",
  compile: "compile",
  runtime: "run",
  correctness: "wrongAnswer",
  timeout: "timeout",
} as const satisfies Readonly<Record<string, "ok" | Failure>>;

export type Invalidity = keyof typeof INVALIDITIES;

/** One configuration and its measurements. Times are milliseconds. */
export interface T4Result {
  readonly configuration: Readonly<Record<string, ParameterValue>>;
  readonly times: {
    readonly runtimes?: readonly number[];
    readonly compilation?: number;
    readonly benchmark?: number;
    readonly framework?: number;
    readonly validation?: number;
  };
  readonly invalidity: Invalidity;
  readonly correctness: number;
  readonly measurements?: readonly {
    readonly name: string;
    readonly value: unknown;
    readonly unit?: string;
  }[];
  readonly objectives?: readonly string[];
}

/** Milliseconds of each unit that a measurement of time has. */
export const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  ms: 1,
  milliseconds: 1,
  s: 1000,
  seconds: 1000,
  us: 1e-3,
  µs: 1e-3,
  microseconds: 1e-3,
  ns: 1e-6,
  nanoseconds: 1e-6,
};

const MOST_SAMPLES = 100_000;
const value = { takes: "a value", read: (x: unknown) => x ?? undefined };

/** The fields of a file. */
export const T4_FILE = { results: listOf(value, MOST_ROWS) };

/** The fields of a result; others are left out. */
export const T4_RESULT = {
  configuration: mapOf(parameterValue, MOST_PARAMETERS),
  times: value,
  invalidity: jsonOneOf(Object.keys(INVALIDITIES) as readonly Invalidity[]),
  measurements: optional(listOf(value, 1000)),
};

export const T4_TIMES = {
  runtimes: optional(listOf(jsonAnyOf<number>(finite), MOST_SAMPLES)),
  compilation: optional(finite),
  compilation_time: optional(finite),
  benchmark: optional(finite),
  framework: optional(finite),
  validation: optional(finite),
};

export const T4_MEASUREMENT = { name: jsonText, value, unit: optional(jsonText) };
