/** What a shared result says of itself, as data: what was asked on which device, and the schedules that came of it. */
import { TunebookError } from "../base/error.ts";
import type { FuncJson } from "../ir/func_json.ts";
import {
  count,
  fields,
  fieldsOf,
  flag,
  type Kind,
  type Kinds,
  listOf,
  mapOf,
  oneOf,
  optional,
  readFields,
  text,
  textUpTo,
} from "../base/read_json.ts";
import { OLD_NAMES, type OldNames, presentKnobs, presentName } from "../schedule/old_names.ts";
import type { Config } from "../space/knobs.ts";
import { targetFromJson } from "../target/target_json.ts";
import type { Target } from "../target/target.ts";
import { RecordError } from "./error.ts";
import { presentTrace } from "./present_names.ts";

/** Raised whenever a reader of today could misread a manifest of tomorrow. */
export const SHARED_VERSION = 1;

export interface Manifest {
  readonly shared: number;
  readonly title: string;
  /** When it was shared, in ISO 8601. */
  readonly time: string;
  /** Of the programs that took part, by name. */
  readonly versions: Readonly<Record<string, string>>;
  /** With its measured peaks, where they are known. */
  readonly device: Target;
  readonly tasks: readonly SharedTask[];
}

/** One program, at its shapes. */
export interface SharedTask {
  /** The program in one line, with the values of its shape variables. */
  readonly task: string;
  /** What it is, for people. */
  readonly note?: string | undefined;
  readonly fingerprint: string;
  readonly program: FuncJson;
  /** Of the searches and of the inputs that results were checked on. */
  readonly seed: number;
  /** What each search might spend. */
  readonly budget: Readonly<Record<string, number>>;
  readonly results: readonly SharedResult[];
}

/** What came of one method. */
export interface SharedResult {
  readonly contestant: string;
  readonly rule: string;
  readonly tuner: string;
  readonly start: string;
  readonly trials: number;
  readonly failed: number;
  /** Spent on the search. */
  readonly seconds: number;
  /** Its best schedule; none where none of its trials succeeded. */
  readonly won?: SharedSchedule | undefined;
}

export interface SharedSchedule {
  readonly trial: number;
  readonly config: Config;
  /** The trace as JSON: its steps rebuild the schedule. */
  readonly trace: Readonly<Record<string, unknown>>;
  readonly clock: string;
  /** Whether `samples` are of rounds in which it was measured again, in turn with the others. */
  readonly confirmed: boolean;
  /** Milliseconds of a run, and the samples that they are the median of. */
  readonly ms: number;
  readonly samples: readonly number[];
  /** What it was measured in turn with, where it was not confirmed: what that was known to take, and its samples. */
  readonly against?: { readonly ms: number; readonly samples: readonly number[] } | undefined;
  readonly maxError: number;
}

/** More than any search has of each. */
const TASKS = 1000, RESULTS = 100, SAMPLES = 10_000, NOTES = 100;

const anyObject: Kind<Readonly<Record<string, unknown>>> = { takes: "an object", read: fieldsOf };
const samples = listOf(count, SAMPLES);
const device: Kind<Target> = {
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
const seed: Kind<number> = {
  takes: "an integer of 32 bits",
  read: (x) => typeof x === "number" && x === (x | 0) ? x : undefined,
};

const SCHEDULE: Kinds<SharedSchedule> = {
  trial: count,
  // What a configuration may hold, its reader knows.
  config: anyObject as Kind<Config>,
  trace: anyObject,
  clock: oneOf(["timestamp", "wall", "cpu"]),
  confirmed: flag,
  ms: count,
  samples,
  against: optional(
    fields<{ readonly ms: number; readonly samples: readonly number[] }>({ ms: count, samples }),
  ),
  maxError: count,
};
const RESULT: Kinds<SharedResult> = {
  contestant: text,
  rule: text,
  tuner: text,
  start: text,
  trials: count,
  failed: count,
  seconds: count,
  won: optional(fields(SCHEDULE)),
};
const TASK: Kinds<SharedTask> = {
  task: textUpTo(10_000),
  note: optional(textUpTo(10_000)),
  fingerprint: text,
  program: anyObject,
  seed,
  budget: mapOf(count, NOTES),
  results: listOf(fields(RESULT), RESULTS),
};
const MANIFEST: Kinds<Manifest> = {
  shared: count,
  title: textUpTo(10_000),
  time: text,
  versions: mapOf(text, NOTES),
  device,
  tasks: listOf(fields(TASK), TASKS),
};

/**
 * The manifest of JSON text. Fields that a manifest does not have are left out; whether programs, traces and times fit
 * each other, `RecordReader` tells.
 *
 * @param path of whose it is, for the error
 * @param names as earlier versions wrote them; the manifest that is returned has the present ones
 * @throws {RecordError} where it is none, or one of a later version
 */
export function manifestFrom(path: string, json: string, names: OldNames = OLD_NAMES): Manifest {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (e) {
    throw new RecordError(
      `cannot open ${path}: its manifest is no JSON: ${e instanceof Error ? e.message : e}`,
    );
  }
  const version = fieldsOf(parsed)?.["shared"];
  if (typeof version === "number" && version > SHARED_VERSION) {
    throw new RecordError(
      `cannot open ${path}: it is shared in version ${version}, and this Tunebook reads up to ${SHARED_VERSION}; update it`,
    );
  }
  let why = "it is no object";
  const manifest = readFields(parsed, MANIFEST, (name, takes) => why = `its ${name} is not ${takes}`);
  if (manifest) return { ...manifest, tasks: manifest.tasks.map((t) => presentTask(t, names)) };
  throw new RecordError(`cannot open ${path}: its manifest can't be read: ${why}`);
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
