/** The manifest of a shared result: the programs, the device and the best schedules, as data. */
import { messageOf, TunebookError } from "../base/error.ts";
import type { FuncJson } from "../ir/func_json.ts";
import {
  fields,
  fieldsOf,
  jsonCount,
  jsonFlag,
  type JsonKind,
  type JsonKinds,
  jsonOneOf,
  jsonText,
  listOf,
  mapOf,
  optional,
  readFields,
  textUpTo,
} from "../base/read_json.ts";
import { OLD_NAMES, type OldNames, presentKnobs, presentName } from "../schedule/old_names.ts";
import type { Config } from "../space/knobs.ts";
import { targetFromJson } from "../target/target_json.ts";
import type { Target } from "../target/target.ts";
import { RecordError } from "./error.ts";
import { presentTrace } from "./present_names.ts";

/** The version of the manifest. It rises whenever an older reader could misread a newer manifest. */
export const SHARED_VERSION = 1;

/** What a shared result contains, beside its trials. */
export interface Manifest {
  /** The version of the manifest; see `SHARED_VERSION`. */
  readonly shared: number;
  /** What was computed. */
  readonly title: string;
  /** The time of sharing, in ISO 8601. */
  readonly time: string;
  /** Versions of Tunebook, the records, Deno and the system, by name. */
  readonly versions: Readonly<Record<string, string>>;
  /** The device that everything was measured on, with its measured peaks if they are known. */
  readonly device: Target;
  /** The programs, in order. */
  readonly tasks: readonly SharedTask[];
}

/** One program at its shapes, with the results of all methods. */
export interface SharedTask {
  /** The program in one line, with the values of its shape variables. */
  readonly task: string;
  /** A description of the program for readers. */
  readonly note?: string | undefined;
  /** The fingerprint of the program. */
  readonly fingerprint: string;
  /** The program as JSON. */
  readonly program: FuncJson;
  /** The seed of the searches and of the inputs that results were checked on, a 32-bit integer. */
  readonly seed: number;
  /** The budget of each search: `trials`, `seconds`. */
  readonly budget: Readonly<Record<string, number>>;
  /** One result a method. */
  readonly results: readonly SharedResult[];
}

/** The result of one method. */
export interface SharedResult {
  /** The method, for example `dlight` or `autotvm+dlight`. */
  readonly contestant: string;
  /** The rule that made the space. */
  readonly rule: string;
  /** The tuner that searched it; `none` for a rule without a search. */
  readonly tuner: string;
  /** The start of the search: `preset` or `scratch`. */
  readonly start: string;
  /** The number of trials. */
  readonly trials: number;
  /** The number of failed trials. */
  readonly failed: number;
  /** Seconds that the search took. */
  readonly seconds: number;
  /** Its best schedule; missing if no trial succeeded. */
  readonly won?: SharedSchedule | undefined;
}

/** The best schedule of a method, and its times. */
export interface SharedSchedule {
  /** The number of the trial within its search, from 0. */
  readonly trial: number;
  /** The configuration: the value of each knob. */
  readonly config: Config;
  /** The trace as JSON: its steps rebuild the schedule. */
  readonly trace: Readonly<Record<string, unknown>>;
  /** The clock of the times: `timestamp`, `wall` or `cpu`. */
  readonly clock: string;
  /** True if `samples` come from confirmation rounds, in which all methods were re-measured, interleaved. */
  readonly confirmed: boolean;
  /** Milliseconds of one run. */
  readonly ms: number;
  /** The samples that `ms` is computed from, milliseconds. */
  readonly samples: readonly number[];
  /** The incumbent of a trial that was not confirmed: its known time and its samples, milliseconds. */
  readonly against?: { readonly ms: number; readonly samples: readonly number[] } | undefined;
  /** Largest error against the reference. */
  readonly maxError: number;
}

/** Most entries of each list: more than any search has. */
const TASKS = 1000, RESULTS = 100, SAMPLES = 10_000, NOTES = 100;

const anyObject: JsonKind<Readonly<Record<string, unknown>>> = { takes: "an object", read: fieldsOf };
const samples = listOf(jsonCount, SAMPLES);
const device: JsonKind<Target> = {
  takes: "a target",
  read: (x) => {
    try {
      return targetFromJson(x);
    } catch (e) {
      if (e instanceof TunebookError) return undefined;
      throw e;
    }
  },
};
const seed: JsonKind<number> = {
  takes: "a 32-bit integer",
  read: (x) => typeof x === "number" && x === (x | 0) ? x : undefined,
};

const SCHEDULE: JsonKinds<SharedSchedule> = {
  trial: jsonCount,
  // `configOf` checks the values of a configuration.
  config: anyObject as JsonKind<Config>,
  trace: anyObject,
  clock: jsonOneOf(["timestamp", "wall", "cpu"]),
  confirmed: jsonFlag,
  ms: jsonCount,
  samples,
  against: optional(
    fields<{ readonly ms: number; readonly samples: readonly number[] }>({ ms: jsonCount, samples }),
  ),
  maxError: jsonCount,
};
const RESULT: JsonKinds<SharedResult> = {
  contestant: jsonText,
  rule: jsonText,
  tuner: jsonText,
  start: jsonText,
  trials: jsonCount,
  failed: jsonCount,
  seconds: jsonCount,
  won: optional(fields(SCHEDULE)),
};
const TASK: JsonKinds<SharedTask> = {
  task: textUpTo(10_000),
  note: optional(textUpTo(10_000)),
  fingerprint: jsonText,
  program: anyObject,
  seed,
  budget: mapOf(jsonCount, NOTES),
  results: listOf(fields(RESULT), RESULTS),
};
const MANIFEST: JsonKinds<Manifest> = {
  shared: jsonCount,
  title: textUpTo(10_000),
  time: jsonText,
  versions: mapOf(jsonText, NOTES),
  device,
  tasks: listOf(fields(TASK), TASKS),
};

/**
 * Reads a manifest from JSON text. Unknown fields are left out. `RecordReader` checks whether programs, traces and times
 * are consistent.
 *
 * @param path where the text comes from, for the error
 * @param names the old names of rules, knobs and steps; the returned manifest has the present ones
 * @throws {RecordError} if the text is not a manifest, or the manifest has a later version
 */
export function manifestFrom(path: string, json: string, names: OldNames = OLD_NAMES): Manifest {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (e) {
    throw new RecordError(
      `expected a manifest in JSON, got other text (${messageOf(e)}), opening ${path}`,
    );
  }
  const version = fieldsOf(parsed)?.["shared"];
  if (typeof version === "number" && version > SHARED_VERSION) {
    throw new RecordError(
      `expected a manifest of version ${SHARED_VERSION} or earlier, got version ${version}, opening ${path}; update Tunebook`,
    );
  }
  let why = "an object, got another value";
  const manifest = readFields(
    parsed,
    MANIFEST,
    (name, takes) => why = `its ${name} to be ${takes}, got another value`,
  );
  if (manifest) return { ...manifest, tasks: manifest.tasks.map((t) => presentTask(t, names)) };
  throw new RecordError(`expected ${why}, reading the manifest of ${path}`);
}

function presentTask(task: SharedTask, names: OldNames): SharedTask {
  return { ...task, results: task.results.map((r) => presentResult(r, names)) };
}

function presentResult(result: SharedResult, names: OldNames): SharedResult {
  const rule = presentName(result.rule, names.rules), { won } = result;
  if (!won) return { ...result, rule };
  const config = presentKnobs(rule, won.config, names), trace = presentTrace(won.trace, names);
  return { ...result, rule, won: { ...won, config, trace } };
}
