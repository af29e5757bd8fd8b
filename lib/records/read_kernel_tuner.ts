import { checkArgument } from "../base/check_options.ts";
import {
  finite,
  jsonAnyOf,
  type JsonKind,
  jsonOneOf,
  jsonText,
  listOf,
  mapOf,
  optional,
} from "../base/read_json.ts";
import type { Failure } from "../measure/measurement.ts";
import { pathKind } from "./kinds.ts";
import type { SpacePoint } from "./measured_space.ts";
import {
  fieldsAt,
  MOST_PARAMETERS,
  MOST_ROWS,
  type OutsideSpace,
  parameterValue,
  parseJson,
  readText,
} from "./outside_space.ts";
import { type ParameterRow, type ParameterValue, spaceOfRows } from "./space_of_rows.ts";

/** Kernel Tuner's words for failures. */
const FAILURES = {
  InvalidConfig: "instantiate",
  CompilationFailedConfig: "compile",
  RuntimeFailedConfig: "run",
} as const satisfies Readonly<Record<string, Failure>>;

/** Times from here on stand for failures in files of early versions. */
const NO_TIME = 1e20;

interface Entry {
  readonly time: number | keyof typeof FAILURES;
  readonly times?: readonly number[] | undefined;
  readonly compile_time?: number | undefined;
  readonly verification_time?: number | undefined;
  readonly benchmark_time?: number | undefined;
  readonly framework_time?: number | undefined;
}

const anything: JsonKind<unknown> = { takes: "a value", read: (x) => x ?? undefined };
const words = jsonOneOf(Object.keys(FAILURES) as readonly (keyof typeof FAILURES)[]);
const FILE = {
  device_name: optional(jsonText),
  kernel_name: optional(jsonText),
  tune_params_keys: listOf(jsonText, MOST_PARAMETERS),
  cache: mapOf(anything, MOST_ROWS),
};
const ENTRY = {
  time: jsonAnyOf<number | keyof typeof FAILURES>(finite, words),
  times: optional(listOf(finite, 100_000)),
  compile_time: optional(finite),
  verification_time: optional(finite),
  benchmark_time: optional(finite),
  framework_time: optional(finite),
};

/**
 * Reads a cache file of Kernel Tuner as a measured space, so that `autotvm.simulate` can search it. The file may be one
 * that Kernel Tuner still writes, or whose writing was broken off. Times are milliseconds.
 *
 * @throws {OptionError} for an argument of a wrong kind
 * @throws {RecordError} if the file can't be read, or is no cache of Kernel Tuner
 */
export async function readKernelTuner(path: string): Promise<OutsideSpace> {
  checkArgument("records.readKernelTuner", "path", path, pathKind);
  const what = "a cache file of Kernel Tuner";
  const text = await readText(path, what);
  const json = parseJson(path, what, text, closed(text), closed(text.slice(0, text.lastIndexOf("\n"))));
  const { device_name = "", kernel_name = "", tune_params_keys: names, cache } = fieldsAt(path, json, FILE);
  const rows = Object.entries(cache).map(([key, entry]) => rowOf(`${key} of ${path}`, names, entry));
  return { kernel: kernel_name, device: device_name, ...spaceOfRows(path, names, rows) };
}

/** Ends a text that Kernel Tuner goes on writing: the last configuration, the cache and the file are open. */
function closed(text: string): string {
  return `${text.trimEnd().replace(/,$/, "")}}}`;
}

function rowOf(where: string, names: readonly string[], entry: unknown): ParameterRow {
  const kinds = Object.fromEntries(names.map((name) => [name, parameterValue]));
  const values = fieldsAt<Record<string, ParameterValue>>(where, entry, kinds);
  return {
    values: names.map((name) => values[name] as ParameterValue),
    result: resultOf(fieldsAt<Entry>(where, entry, ENTRY)),
  };
}

function resultOf(entry: Entry): Omit<SpacePoint, "index"> {
  const { time, times, compile_time = 0, verification_time = 0, benchmark_time = 0, framework_time = 0 } =
    entry;
  const seconds = Math.max(0, compile_time + verification_time + benchmark_time + framework_time) / 1000;
  const status = typeof time === "string" ? FAILURES[time] : time > 0 && time < NO_TIME ? "ok" : "run";
  if (typeof time === "string" || status !== "ok") return { status, ms: NaN, samples: [], seconds };
  return { status, ms: time, samples: times && times.length > 0 ? times : [time], seconds };
}
